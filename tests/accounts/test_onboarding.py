"""A creator gets one Stripe account, however often it is requested and whatever fails."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pytest_django import Settings

from accounts import gateway
from accounts.errors import CountryFixed, CountryNotSupported, StripeUnavailable
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Hold, HoldSource
from accounts.services import holds, opening, payment_accounts
from database import sql
from database.staff import Act
from tests.accounts.apis import BOTH_APIS, CREATE, RETRIEVE
from tests.factories import CreatorFactory
from tests.local_stripe import Stripe
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator() -> Creator:
    return CreatorFactory.create(external_id="alice")


def opened(creator: Creator, *, after: timedelta = timedelta(), **params: str) -> CreatorPaymentAccount:
    return opening.open_payment_account(creator, now=sql.now() + after, **params)


def connected(sandbox: Stripe) -> list[dict[str, Any]]:
    """List the accounts at Stripe, except the platform's own."""
    state = sandbox.state()
    return [account for account in state["accounts"] if account["id"] != state["platform"]]


def test_an_account_is_created_for_transfers_and_manual_payouts(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    (account,) = connected(sandbox)
    assert (row.stripe_account_id, row.account_status) == (account["id"], AccountStatus.PENDING)
    assert (row.country, row.default_currency) == ("US", "USD")
    assert account["type"] == "express"
    assert account["email"] == "alice@example.com"
    assert account["metadata"] == {"creator_id": "alice", "payment_account_id": str(row.pk)}
    assert list(account["capabilities"]) == ["transfers"]
    assert account["settings"]["payouts"]["schedule"]["interval"] == "manual"


@pytest.mark.parametrize(("platform", "country"), [("US", "US"), ("US", ""), ("US", "DE"), ("DE", "US")])
def test_inside_its_region_a_platform_opens_accounts_under_the_full_agreement(
    sandbox: Stripe, settings: Settings, platform: str, country: str
) -> None:
    settings.PLATFORM_COUNTRY = platform
    row = opened(CreatorFactory.create(country=country))
    assert row.service_agreement == "full"
    assert connected(sandbox)[0]["tos_acceptance"]["service_agreement"] == "full"
    assert row.country == (country or platform)


def test_where_stripe_approved_it_accounts_are_opened_under_the_recipient_agreement(
    sandbox: Stripe, settings: Settings
) -> None:
    settings.STRIPE_COUNTRIES = {"TH": "recipient"}
    row = opened(CreatorFactory.create(country="TH"))
    assert row.service_agreement == "recipient"
    assert connected(sandbox)[0]["tos_acceptance"]["service_agreement"] == "recipient"


@BOTH_APIS
def test_the_creator_chooses_country_and_business_type(sandbox: Stripe) -> None:
    row = opened(CreatorFactory.create(country="US"), country="DE", business_type="company")
    (account,) = connected(sandbox)
    assert (account["country"], account["business_type"]) == ("DE", "company")
    assert (row.country, row.business_type) == ("DE", "company")


@BOTH_APIS
def test_asking_again_creates_no_second_account(creator: Creator, sandbox: Stripe) -> None:
    first = opened(creator)
    assert opened(creator) == first
    assert len(connected(sandbox)) == CreatorPaymentAccount.objects.count() == 1


@BOTH_APIS
@pytest.mark.parametrize("kind", ["drop_response_after_work", "connection_reset"])
def test_after_a_lost_answer_the_same_account_is_found(creator: Creator, sandbox: Stripe, kind: str) -> None:
    sandbox.inject({**CREATE, "kind": kind, "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator)
    row = CreatorPaymentAccount.objects.get()
    assert (row.account_status, row.stripe_account_id) == (AccountStatus.NOT_CREATED, None)
    assert opened(creator).stripe_account_id == connected(sandbox)[0]["id"]
    assert len(connected(sandbox)) == 1


@pytest.mark.parametrize("after_work", [False, True], ids=["made nothing", "made the account"])
def test_a_failure_that_stripe_replays_for_a_day_does_not_stop_the_next_click(
    creator: Creator, sandbox: Stripe, after_work: bool
) -> None:
    saved = {"kind": "status", "after_work": True} if after_work else {"kind": "abort_work"}
    sandbox.inject({**CREATE, **saved, "status": 500, "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator)
    assert opened(creator).stripe_account_id == connected(sandbox)[0]["id"]
    assert len(connected(sandbox)) == 1


def test_a_spent_key_is_replaced_by_a_new_one(creator: Creator, sandbox: Stripe) -> None:
    # From the second click on there are two requests each: with the spent key, and with the next.
    sandbox.inject({**CREATE, "kind": "abort_work", "status": 500, "count": 5})
    for _ in range(3):
        with pytest.raises(StripeUnavailable):
            opened(creator)
    assert opened(creator).openings == 4
    assert len(connected(sandbox)) == 1


@pytest.mark.parametrize("made", [False, True])
def test_a_key_that_stripe_may_have_forgotten_is_not_sent_again(
    creator: Creator, sandbox: Stripe, made: bool
) -> None:
    kind = "drop_response_after_work" if made else "connection_reset"
    sandbox.inject({**CREATE, "kind": kind, "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator)
    first = CreatorPaymentAccount.objects.get().creation_key
    row = opened(creator, after=timedelta(hours=23, seconds=1))  # Stripe keeps a key for 24 hours
    assert row.stripe_account_id == connected(sandbox)[0]["id"]
    assert sandbox.state()["requests"]["POST /v1/accounts"] == (1 if made else 2)
    assert (row.creation_key == first) is made


def test_after_other_parameters_under_the_same_key_the_account_is_looked_up(
    creator: Creator, sandbox: Stripe, settings: Settings
) -> None:
    sandbox.inject({**CREATE, "kind": "drop_response_after_work", "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator)
    (account,) = connected(sandbox)
    settings.BANK_PAYOUTS_BY_STRIPE = True
    assert opened(creator).stripe_account_id == account["id"]
    assert len(connected(sandbox)) == 1


@BOTH_APIS
def test_while_a_request_may_be_in_progress_no_other_key_is_used(creator: Creator, sandbox: Stripe) -> None:
    sandbox.inject({**CREATE, "kind": "connection_reset", "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator, country="US")
    with pytest.raises(StripeUnavailable, match="another request"):
        opened(creator, country="DE")
    assert opened(creator, country="DE", after=timedelta(minutes=3)).country == "DE"
    assert [account["country"] for account in connected(sandbox)] == ["DE"]


@BOTH_APIS
def test_an_account_that_is_found_has_the_country_it_was_opened_in(creator: Creator, sandbox: Stripe) -> None:
    sandbox.inject({**CREATE, "kind": "drop_response_after_work", "count": 1})
    with pytest.raises(StripeUnavailable):
        opened(creator, country="US")
    with pytest.raises(CountryFixed):
        opened(creator, country="DE")
    assert opened(creator).country == "US"


@BOTH_APIS
def test_an_account_stays_in_its_country(creator: Creator, sandbox: Stripe) -> None:
    opened(creator, country="DE")
    with pytest.raises(CountryFixed, match="opened in DE"):
        opened(creator, country="FR")
    assert opened(creator, country="DE") == opened(creator)


def test_after_a_country_that_stripe_does_not_serve_another_can_be_chosen(
    creator: Creator, sandbox: Stripe
) -> None:
    with pytest.raises(CountryNotSupported, match="in AQ"):
        opened(creator, country="AQ")
    assert creator.payment_accounts.get().refused_country == "AQ"
    row = opened(creator, country="FR")
    assert (row.country, row.refused_country) == ("FR", "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "latency_ms", "latency_ms": 50},
        {"kind": "drop_response_after_work"},
        {"kind": "abort_work", "status": 500},
        {"kind": "status", "status": 500, "after_work": True},
    ],
    ids=str,
)
def test_clicking_in_many_tabs_at_once_creates_one_account(
    creator: Creator, sandbox: Stripe, fault: dict[str, Any]
) -> None:
    """Some clicks may have to be repeated; none opens a second account."""
    sandbox.inject({**CREATE, **fault, "count": 2})

    def click() -> str | None:
        try:
            return opened(creator).stripe_account_id
        except StripeUnavailable:
            return None

    at_once(*[click] * 6)
    final = click()
    assert [account["id"] for account in connected(sandbox)] == [final]
    assert CreatorPaymentAccount.objects.get().stripe_account_id == final


@BOTH_APIS
@pytest.mark.django_db(transaction=True)
def test_tabs_with_different_countries_create_one_account(creator: Creator, sandbox: Stripe) -> None:
    def click(country: str) -> str:
        try:
            return opened(creator, country=country).country
        except (CountryFixed, StripeUnavailable):
            return ""

    countries = at_once(*[partial(click, country) for country in ("US", "DE", "FR") * 2])
    (account,) = connected(sandbox)
    assert set(countries) <= {"", account["country"]}


@BOTH_APIS
def test_an_account_that_was_created_too_late_is_ignored(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    held_up = gateway.Opening(
        key="held up",
        payment_account_id=row.pk,
        creator_id="alice",
        email="",
        country="US",
        business_type="",
        service_agreement="full",
    )
    other = gateway.create_account(held_up, api=row.api)
    assert payment_accounts.record_account(row, account=other, now=sql.now()).stripe_account_id != other.id


@BOTH_APIS
def test_a_replaced_account_makes_room_for_a_new_one(creator: Creator, sandbox: Stripe) -> None:
    old = opened(creator)
    assert old.stripe_account_id
    gateway.complete_in_sandbox(old.stripe_account_id)
    old = payment_accounts.refresh_payment_account(old, now=sql.now())
    assert old.payable
    payment_accounts.replace_payment_account(old, act=Act("dana", "Moved to France"), now=sql.now())
    new = opened(creator, country="FR")
    assert new.stripe_account_id != old.stripe_account_id
    assert CreatorPaymentAccount.objects.count() == 2
    old.refresh_from_db()
    assert (old.replaced_by, old.replace_reason, old.payable) == ("dana", "Moved to France", False)


def test_an_account_is_replaced_once(creator: Creator, sandbox: Stripe) -> None:
    old = opened(creator)
    for actor in ("dana", "erin"):
        payment_accounts.replace_payment_account(old, act=Act(actor, "Moved"), now=sql.now())
    old.refresh_from_db()
    assert old.replaced_by == "dana"


@BOTH_APIS
def test_a_later_answer_from_stripe_is_recorded(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    assert row.stripe_account_id
    gateway.complete_in_sandbox(row.stripe_account_id)
    now = sql.now()
    active = payment_accounts.refresh_payment_account(row, now=now)
    assert (active.account_status, active.payouts_enabled, active.details_submitted) == ("active", True, True)
    assert (active.onboarding_completed_at, active.synced_at) == (now, now)
    later = payment_accounts.refresh_payment_account(row, now=now + timedelta(days=1))
    assert later.onboarding_completed_at == now


@BOTH_APIS
def test_an_older_answer_does_not_undo_a_later_one(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    assert row.stripe_account_id
    before = gateway.retrieve_account(row.stripe_account_id, api=row.api)
    earlier = sql.now()
    gateway.complete_in_sandbox(row.stripe_account_id)
    payment_accounts.refresh_payment_account(row, now=sql.now())
    assert (
        payment_accounts.record_account(row, account=before, now=earlier).account_status
        == AccountStatus.ACTIVE
    )


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "connection_reset"},
        {"kind": "timeout", "seconds": 0.01},
    ],
    ids=str,
)
def test_an_outage_of_stripe_does_not_mean_that_the_account_is_gone(
    creator: Creator, sandbox: Stripe, fault: dict[str, Any]
) -> None:
    row = opened(creator)
    CreatorPaymentAccount.objects.update(account_status=AccountStatus.ACTIVE)
    sandbox.inject({**RETRIEVE, **fault})
    with pytest.raises(StripeUnavailable):
        payment_accounts.refresh_payment_account(row, now=sql.now())
    after = CreatorPaymentAccount.objects.get()
    assert (after.account_status, after.gone_at) == (AccountStatus.ACTIVE, None)


@BOTH_APIS
@pytest.mark.parametrize(("status", "code"), [(403, "account_invalid"), (404, "resource_missing")])
def test_an_account_that_we_can_no_longer_use_is_disabled(
    creator: Creator, sandbox: Stripe, status: int, code: str
) -> None:
    row = opened(creator)
    CreatorPaymentAccount.objects.update(account_status=AccountStatus.ACTIVE, payouts_enabled=True)
    sandbox.inject({**RETRIEVE, "kind": "status", "status": status, "code": code, "count": 2})
    first = sql.now()
    payment_accounts.refresh_payment_account(row, now=first)
    gone = payment_accounts.refresh_payment_account(row, now=sql.now())
    assert (gone.account_status, gone.payouts_enabled, gone.payable) == (AccountStatus.DISABLED, False, False)
    assert gone.gone_at == first


@BOTH_APIS
def test_an_account_that_we_can_use_again_is_refreshed(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    sandbox.inject({**RETRIEVE, "kind": "status", "status": 403, "code": "account_invalid", "count": 1})
    assert payment_accounts.refresh_payment_account(row, now=sql.now()).gone_at
    back = payment_accounts.refresh_payment_account(row, now=sql.now())
    assert (back.account_status, back.gone_at) == (AccountStatus.PENDING, None)


@BOTH_APIS
def test_an_older_answer_does_not_take_an_account_away(creator: Creator, sandbox: Stripe) -> None:
    row = opened(creator)
    earlier = sql.now()
    payment_accounts.refresh_payment_account(row, now=sql.now())
    sandbox.inject({**RETRIEVE, "kind": "status", "status": 403, "code": "account_invalid"})
    assert payment_accounts.refresh_payment_account(row, now=earlier).gone_at is None


def test_a_row_without_an_account_is_not_refreshed(creator: Creator, sandbox: Stripe) -> None:
    row = CreatorPaymentAccount.objects.create(creator=creator)
    assert payment_accounts.refresh_payment_account(row, now=sql.now()) == row


@pytest.mark.django_db(transaction=True)
def test_the_same_hold_placed_many_times_at_once_is_one(creator: Creator) -> None:
    def hold() -> Hold:
        return holds.place_hold(creator, source=HoldSource.SYSTEM, act=Act("system", "the same"))

    assert len(set(at_once(*[hold] * 6))) == Hold.objects.count() == 1
