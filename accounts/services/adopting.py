"""Accounts that Stripe has and a restored database lacks: each is given back to its creator."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import gateway
from accounts.errors import StripeAccountGone
from accounts.gateway import ListedAccount, StripeAccount
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, StripeApi
from accounts.services.creators import Details, is_email, make_creators
from accounts.services.payment_accounts import record_account
from database.changes import Author
from database.staff import Act


def lost_accounts(*, since: datetime) -> list[ListedAccount]:
    """List the accounts that we opened at Stripe since then and that this database lacks, oldest first.

    Raises: StripeUnavailable.
    """
    of_v2 = CreatorPaymentAccount.objects.filter(api=StripeApi.V2)
    with_v2 = settings.STRIPE_ACCOUNTS == StripeApi.V2 or of_v2.exists()
    opened = list(gateway.list_accounts(since=since, with_v2=with_v2))
    known = CreatorPaymentAccount.objects.filter(stripe_account_id__in=[account.id for account in opened])
    kept = set(known.values_list("stripe_account_id", flat=True))
    return [account for account in reversed(opened) if account.id not in kept]


def adopt_accounts(lost: Iterable[ListedAccount], *, act: Act, now: datetime) -> None:
    """Give each account to its creator, who is registered if the database has lost them too.

    Raises: StripeUnavailable.
    """
    for listed in lost:
        try:
            account = gateway.retrieve_account(listed.id, api=listed.api)
        except StripeAccountGone:
            _adopt(listed, None, act=act, now=now)
        else:
            _adopt(listed, account, act=act, now=now)


@transaction.atomic
def _adopt(listed: ListedAccount, account: StripeAccount | None, *, act: Act, now: datetime) -> None:
    """Make an account its creator's live one, unless we can no longer use it, or they have a better one.

    A creator opens another account only if the one before is of no use, so the newest is the live one.
    """
    make_creators({listed.creator: _details(account)}, by=Author.of(act))
    # Without the lock, a click of the creator could open one more at the same time.
    creator = Creator.objects.select_for_update(no_key=True).get(external_id=listed.creator)
    live = CreatorPaymentAccount.objects.select_for_update().filter(creator=creator, replaced_at=None).first()
    if live is not None and live.stripe_account_id is None and account is not None:
        CreatorPaymentAccount.objects.filter(pk=live.pk).update(api=listed.api)
        record_account(live, account=account, now=now)
        return
    retired = {"replaced_at": now, "replaced_by": act.actor, "replace_reason": act.reason}
    if account is None:
        CreatorPaymentAccount.objects.create(
            creator=creator,
            stripe_account_id=listed.id,
            api=listed.api,
            account_status=AccountStatus.from_stripe(None),
            gone_at=now,
            **retired,
        )
        return
    is_worse = (
        live is not None and live.payable and AccountStatus.from_stripe(account) != AccountStatus.ACTIVE
    )
    if live is not None and not is_worse:
        CreatorPaymentAccount.objects.filter(pk=live.pk).update(**retired)
    replaced = retired if is_worse else {}
    adopted = CreatorPaymentAccount.objects.create(creator=creator, api=listed.api, **replaced)
    record_account(adopted, account=account, now=now)


def _details(account: StripeAccount | None) -> Details:
    if account is None:
        return Details()
    email = str(account.payload.get("email") or account.payload.get("contact_email") or "")
    return Details(email=email if is_email(email) else "", country=account.country)
