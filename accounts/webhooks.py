"""What Stripe tells us of connected accounts."""

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
    """Ask Stripe for the account as it is now: events come in any order, the present state does not.

    One change brings several events; whoever asked after they came has asked for all of them.
    """
    now = sql.now()
    row = CreatorPaymentAccount.objects.filter(stripe_account_id=_account_of(event)).first()
    if row is None:
        if selectors.account_is_being_opened(since=now - payment_accounts.REQUEST_LIFE):
            raise NotYet("an account is being opened, and it may be this one")
        raise SetAside("no creator here has this account")
    if row.synced_at is not None and row.synced_at > event.due_since:
        raise SetAside("Stripe was asked for this account after the event came")
    payment_accounts.refresh_payment_account(row, now=now)


def _account_of(event: StripeEvent) -> str:
    """Name the connected account: events of a platform's own endpoint bear it in their object alone."""
    return str(event.account or event.object.get("account") or event.object.get("id"))
