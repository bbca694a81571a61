"""Before leg one: an account that may have changed is read from Stripe, as its events may be late or lost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts.errors import StripeUnavailable
from accounts.models import CreatorPaymentAccount
from accounts.services.payment_accounts import refresh_payment_account
from database import sql
from payouts import policy
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.history import Circumstances, History
from payouts.states import PayoutStatus


def is_due(circumstances: Circumstances, *, now: datetime) -> bool:
    """Return whether to read the account: it wasn't for `ACCOUNT_CHECK_MINUTES`, or its bank account is new."""
    heard_at, changed_at = circumstances.account_synced_at, circumstances.bank_account_since
    if heard_at is None or now - heard_at > timedelta(minutes=settings.ACCOUNT_CHECK_MINUTES):
        return True
    return changed_at is not None and now - changed_at < policy.BANK_ACCOUNT_IS_NEW_FOR


@dataclass(frozen=True, slots=True)
class AccountQuestion:
    """How is the account now? A changed bank account starts a cool-down; then the payout is held.

    `go_on` decides with what was read.
    """

    account: str
    go_on: Callable[..., Decision]

    def ask(self) -> bool:
        """Return whether Stripe answered."""
        try:
            row = CreatorPaymentAccount.objects.select_related("creator").get(stripe_account_id=self.account)
            refresh_payment_account(row, now=sql.now())
        except StripeUnavailable:
            return False
        return True

    def decide(
        self, history: History, circumstances: Circumstances, answer: bool, *, now: datetime
    ) -> Decision:
        if history.payout.status != PayoutStatus.PENDING or history.open_attempt is not None:
            return NOTHING
        if not answer:
            return Decision(changes={"next_retry_at": now + policy.WAIT_FOR_ANSWER})
        return self.go_on(history, circumstances, now=now)
