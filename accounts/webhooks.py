"""What Stripe tells us of connected accounts."""

from accounts.models import CreatorPaymentAccount
from accounts.services import payment_accounts
from database import sql
from stripe_io.errors import SetAside
from stripe_io.handlers import StripeEvent, register


def register_handlers() -> None:
    register(account_updated, "account.updated")


def account_updated(event: StripeEvent) -> None:
    """Ask Stripe for the account as it is now: events come in any order, the present state does not."""
    row = CreatorPaymentAccount.objects.filter(stripe_account_id=event.object["id"]).first()
    if row is None:
        raise SetAside("no creator here has this account")
    payment_accounts.refresh_payment_account(row, now=sql.now())
