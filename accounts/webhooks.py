"""Handlers of Stripe's events about connected accounts."""

from accounts import selectors
from accounts.models import CreatorPaymentAccount
from accounts.services import payment_accounts
from database import sql
from stripe_io.errors import NotYet, SetAside
from stripe_io.handlers import StripeEvent, register


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


def account_changed(event: StripeEvent) -> None:
    """Refresh the account from Stripe: events arrive in any order, so their content may be out of date.

    One change causes several events. A refresh after they arrived covers all of them.
    """
    now = sql.now()
    row = CreatorPaymentAccount.objects.filter(stripe_account_id=_account_of(event)).first()
    if row is None:
        if selectors.account_is_being_opened(since=now - payment_accounts.REQUEST_LIFE):
            raise NotYet("an account is being opened, and it may be this one")
        raise SetAside("no creator has this account")
    if row.synced_at is not None and row.synced_at > event.due_since:
        raise SetAside("the account was refreshed after the event arrived")
    payment_accounts.refresh_payment_account(row, now=now)


def _account_of(event: StripeEvent) -> str:
    """Return the connected account's id; events for the platform's own endpoint have it only in their object."""
    return str(event.account or event.object.get("account") or event.object.get("id"))
