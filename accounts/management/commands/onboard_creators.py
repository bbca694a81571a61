"""Create Stripe accounts for all creators without one. In the sandbox, complete their onboarding too."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain

from tqdm import tqdm

from accounts import gateway
from accounts.errors import StripeUnavailable
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount
from accounts.services import opening, payment_accounts
from database import sql
from database.commands import ServiceCommand, close_connections_after
from database.refusals import Refusal
from stripe_io import installation
from stripe_io.models import StripeMode

CALLS_AT_ONCE = 8


class Command(ServiceCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        unfinished = [AccountStatus.NOT_CREATED]
        if installation.configured_mode() == StripeMode.SANDBOX:
            unfinished.append(AccountStatus.PENDING)
        live = CreatorPaymentAccount.objects.filter(replaced_at=None)
        waiting = Creator.objects.exclude(
            pk__in=live.exclude(account_status__in=unfinished).values("creator")
        )
        creators = list(waiting.order_by("external_id"))
        # One share per thread, so that each uses one database connection.
        shares = [creators[first::CALLS_AT_ONCE] for first in range(CALLS_AT_ONCE)]
        with (
            tqdm(total=len(creators), desc="Onboarding", disable=None) as progress,
            ThreadPoolExecutor(CALLS_AT_ONCE) as pool,
        ):
            onboard = close_connections_after(partial(_onboard_each, done=progress.update))
            refusals = sorted(chain.from_iterable(pool.map(onboard, shares)))
        for refusal in refusals:
            self.stderr.write(refusal)
        self.show(options, {"onboarded": len(creators) - len(refusals), "failed": len(refusals)})


def _onboard_each(creators: Sequence[Creator], *, done: Callable[[], object]) -> list[str]:
    """Onboard these creators, calling `done` after each; return the errors."""
    refusals = []
    for creator in creators:
        if refusal := _onboard(creator):
            refusals.append(refusal)
        done()
    return refusals


def _onboard(creator: Creator) -> str:
    """Onboard a creator; return the error, or an empty text."""
    try:
        account = opening.open_payment_account(creator, now=sql.now())
        if installation.configured_mode() == StripeMode.SANDBOX and account.stripe_account_id:
            gateway.complete_in_sandbox(account.stripe_account_id)
            account = payment_accounts.refresh_payment_account(account, now=sql.now())
    except (Refusal, StripeUnavailable) as error:
        return f"{creator}: {error}"
    return f"{creator}: we can no longer access Stripe account {account}" if account.gone_at else ""
