"""Rows and billing records with good defaults, so that a test only sets what matters to it.

`from tests.factories import ApiFactory`; then `ApiFactory.create(…)`, whose type is the model's.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, cast

from django.contrib.auth.models import Group, Permission
from factory.base import DictFactory
from factory.declarations import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory
from factory.helpers import post_generation

from accounts.groups import StaffGroup
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, StripeApi, User
from database.staff import Right
from earnings.models import Api, ApiOwnership, BillingBatch, BillingSource, CommissionRate, CreatorEarning
from payouts.models import Payout, PayoutEvent, PayoutRun
from payouts.states import PayoutStatus


class UserFactory(DjangoModelFactory[User]):
    """A member of staff, with `rights=`: those of a group of their own. `user_in` makes one who is in a real group."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = Sequence(lambda number: f"user-{number}")
    is_staff = True

    @post_generation
    def rights(self, create: bool, extracted: Iterable[Right] | None, **kwargs: object) -> None:
        if create and extracted:
            user = cast(User, self)
            group = Group.objects.create(name=f"what {user.username} may do")
            group.permissions.set(
                Permission.objects.filter(content_type__app_label="accounts", codename__in=extracted)
            )
            user.groups.add(group)


def user_in(*groups: StaffGroup, **facts: Any) -> User:
    """Create a member of staff who is in these groups."""
    user = UserFactory.create(**facts)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


class CreatorFactory(DjangoModelFactory[Creator]):
    class Meta:
        model = Creator

    external_id = Sequence(lambda number: f"creator-{number}")
    email = LazyAttribute(lambda creator: f"{creator.external_id}@example.com")
    country = "US"


class CreatorPaymentAccountFactory(DjangoModelFactory[CreatorPaymentAccount]):
    """An account that can be paid."""

    class Meta:
        model = CreatorPaymentAccount

    creator = SubFactory(CreatorFactory)
    stripe_account_id = Sequence(lambda number: f"acct_{number:016}")
    api = StripeApi.V1
    account_status = AccountStatus.ACTIVE
    details_submitted = True
    charges_enabled = True
    payouts_enabled = True
    default_currency = "USD"
    country = "US"


class ApiFactory(DjangoModelFactory[Api]):
    """An API that `owner=` (a Creator) owns from the beginning; with `owner=None` it has no owner."""

    class Meta:
        model = Api
        skip_postgeneration_save = True

    external_id = Sequence(lambda number: f"api-{number}")
    name = LazyAttribute(lambda api: api.external_id.title())

    @post_generation
    def owner(self, create: bool, extracted: Creator | None, **kwargs: object) -> None:
        if create and extracted is not None:
            OwnershipFactory.create(api=self, creator=extracted)


class OwnershipFactory(DjangoModelFactory[ApiOwnership]):
    class Meta:
        model = ApiOwnership

    api = SubFactory(ApiFactory)
    creator = SubFactory(CreatorFactory)
    owned_from = datetime(2020, 1, 1, tzinfo=UTC)


class CommissionRateFactory(DjangoModelFactory[CommissionRate]):
    class Meta:
        model = CommissionRate

    bps = 2_000
    effective_from = datetime(2020, 1, 1, tzinfo=UTC)
    actor = "dana"
    reason = "agreed"


class SourceFactory(DjangoModelFactory[BillingSource]):
    class Meta:
        model = BillingSource

    name = Sequence(lambda number: f"billing-{number}")


class BatchFactory(DjangoModelFactory[BillingBatch]):
    class Meta:
        model = BillingBatch

    source = SubFactory(SourceFactory)
    origin = "a test"


class CreatorEarningFactory(DjangoModelFactory[CreatorEarning]):
    """An open earning of January 2024; the database computes its fee and net."""

    class Meta:
        model = CreatorEarning

    creator = SubFactory(CreatorFactory)
    api = SubFactory(ApiFactory)
    period_start = date(2024, 1, 1)
    period_end = date(2024, 2, 1)
    currency = "USD"
    commission_bps = 2_000
    gross = 10_000


class PayoutRunFactory(DjangoModelFactory[PayoutRun]):
    class Meta:
        model = PayoutRun
        django_get_or_create = ("cutoff",)

    cutoff = date(2024, 2, 1)
    completed_at = datetime(2024, 2, 1, 1, tzinfo=UTC)


class PayoutFactory(DjangoModelFactory[Payout]):
    """A pending payout alone: without lines, earnings or ledger entries."""

    class Meta:
        model = Payout

    creator = SubFactory(CreatorFactory)
    run = SubFactory(PayoutRunFactory)
    currency = "USD"
    ordinal = Sequence(lambda number: number + 1)
    reference = Sequence(lambda number: f"reference-{number}")
    transfer_group = Sequence(lambda number: f"group-{number}")
    gross_amount = 10_000
    platform_fee = 2_000
    net_amount = LazyAttribute(lambda payout: payout.gross_amount - payout.platform_fee)
    period_start = date(2024, 1, 1)
    period_end = date(2024, 2, 1)
    status = PayoutStatus.PENDING
    paid_at = LazyAttribute(
        lambda payout: datetime(2024, 2, 1, 12, tzinfo=UTC) if payout.status == PayoutStatus.PAID else None
    )
    amount_reversed = LazyAttribute(
        lambda payout: payout.net_amount if payout.status == PayoutStatus.REVERSED else 0
    )


class PayoutEventFactory(DjangoModelFactory[PayoutEvent]):
    class Meta:
        model = PayoutEvent

    payout = SubFactory(PayoutFactory)
    from_status = PayoutStatus.IN_TRANSIT
    to_status = PayoutStatus.PAID
    actor = "system"
    at = datetime(2024, 2, 1, 12, tzinfo=UTC)


class RecordFactory(DictFactory):
    """One line of a billing file: a charge of $10 in the middle of January 2024."""

    record_id = Sequence(lambda number: f"r-{number}")
    kind = "charge"
    api_id = "api-a"
    creator_id = ""
    subscription_id = ""
    customer_id = ""
    amount = "1000"
    currency = "USD"
    occurred_at = "2024-01-15T12:00:00Z"
    api_calls = "1"
    related_record_id = ""
