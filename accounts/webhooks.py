"""Handlers of Stripe's events about connected accounts."""

from datetime import datetime

from accounts import gateway, selectors
from accounts.models import AccountStatus, CreatorPaymentAccount
from accounts.services import opening, payment_accounts
from database import sql
from stripe_io.errors import NotYet, SetAside
from stripe_io.handlers import StripeEvent, register

# The brackets are part of the names. Source: https://docs.stripe.com/api/v2/core/events/event-types
V2_CHANGES = (
    "v2.core.account.closed",
    "v2.core.account.updated",
    "v2.core.account[configuration.merchant].capability_status_updated",
    "v2.core.account[configuration.merchant].updated",
    "v2.core.account[configuration.recipient].capability_status_updated",
    "v2.core.account[configuration.recipient].updated",
    "v2.core.account[defaults].updated",
    "v2.core.account[future_requirements].updated",
    "v2.core.account[identity].updated",
    "v2.core.account[requirements].updated",
)


def register_handlers() -> None:
    register(
        account_changed,
        "account.updated",
        "account.application.authorized",
        "account.application.deauthorized",
        "account.external_account.created",
        "account.external_account.updated",
        "account.external_account.deleted",
        "capability.updated",
    )
    register(standing_changed, *V2_CHANGES)
    register(holder_returned, "v2.core.account_link.returned")
    register(schedule_changed, "balance_settings.updated")


def account_changed(event: StripeEvent) -> None:
    """Refresh the account from Stripe: events arrive in any order, so their content may be out of date.

    One change causes several events. A refresh after they arrived covers all of them.
    """
    now = sql.now()
    row = _row_of(_account_of(event), now=now)
    _refuse_if_covered(row, event)
    payment_accounts.refresh_payment_account(row, now=now)


def standing_changed(event: StripeEvent) -> None:
    """Refresh the account, as for any other change; where it is paid out to has events of its own."""
    now = sql.now()
    row = _row_of(event.account, now=now)
    _refuse_if_covered(row, event)
    payment_accounts.refresh_standing(row, now=now)


def holder_returned(event: StripeEvent) -> None:
    """Record that a holder left Stripe's form, wherever their browser went, and refresh the account.

    The event names the account only in its data, which Stripe doesn't send along.

    Source: https://docs.stripe.com/api/v2/core/events/event-types#v2_event_types-v2.core.account_link.returned
    """
    now = sql.now()
    row = _row_of(event.account or gateway.account_of_event(event.id), now=now)
    # For any other, the return changes the status.
    is_known = row.returned_at is not None or row.account_status == AccountStatus.ACTIVE
    row = payment_accounts.record_return(row, now=now)
    if is_known:
        _refuse_if_covered(row, event)
    payment_accounts.refresh_standing(row, now=now)


def schedule_changed(event: StripeEvent) -> None:
    """Set the account's payout schedule back, if the event tells of another than the settings want.

    Source: https://docs.stripe.com/api/balance-settings
    """
    row = _row_of(event.account, now=sql.now())
    payouts = (event.object.get("payments") or {}).get("payouts") or {}
    interval = (payouts.get("schedule") or {}).get("interval") or ""
    payment_accounts.keep_schedule(payment_accounts.record_schedule(row, interval))


def _row_of(stripe_account_id: str, *, now: datetime) -> CreatorPaymentAccount:
    row = CreatorPaymentAccount.objects.filter(stripe_account_id=stripe_account_id).first()
    if row is not None:
        return row
    if selectors.account_is_being_opened(since=now - opening.REQUEST_LIFE):
        raise NotYet("an account is being opened, and it may be this one")
    raise SetAside("no creator has this account")


def _refuse_if_covered(row: CreatorPaymentAccount, event: StripeEvent) -> None:
    if row.synced_at is not None and row.synced_at > event.due_since:
        raise SetAside("the account was refreshed after the event arrived")


def _account_of(event: StripeEvent) -> str:
    """Return the connected account's id; events for the platform's own endpoint have it only in their object."""
    return str(event.account or event.object.get("account") or event.object.get("id"))
