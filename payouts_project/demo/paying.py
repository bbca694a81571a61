"""The demo's payout runs, from the decision until the money is in the bank."""

from datetime import date, timedelta

from django.db.models import Count, Sum

from database import sql
from database.display import count_of
from money import Money
from payouts.models import Payout, PayoutRun
from payouts.services.deciding import runs
from payouts.states import PayoutStatus
from payouts_project.demo.telling import Teller

# How the demo's mishaps end; all other payouts reach the bank.
MISHAPS = (PayoutStatus.ON_HOLD, PayoutStatus.RETURNED, PayoutStatus.FAILED)


def is_made(cutoff: date) -> bool:
    """Check whether an earlier demo made this run."""
    return PayoutRun.objects.filter(cutoff=cutoff, completed_at__isnull=False).exists()


def make_run(cutoff: date, tell: Teller) -> None:
    """Make this run, unless it was made before."""
    last_day = cutoff - timedelta(days=1)
    tell.step(f"Paying creators what they earned until {last_day.day} {last_day:%B %Y}")
    if not is_made(cutoff):
        runs.make_run(cutoff=cutoff, now=sql.now())
    made = Payout.objects.filter(run__cutoff=cutoff)
    for currency, count, total in made.values_list("currency").annotate(Count("pk"), Sum("net_amount")):
        tell.say(f"{count_of(count, 'payout')}, {Money(total, currency)} in all")


def follow_run(cutoff: date, tell: Teller) -> None:
    """Wait until all payouts of a run are in the bank, except those with a mishap.

    Raises: NothingCame.
    """
    made = Payout.objects.filter(run__cutoff=cutoff)
    paid = made.filter(status=PayoutStatus.PAID)
    in_progress = made.exclude(status__in=(PayoutStatus.PAID, *MISHAPS))

    def progress() -> str:
        return f"{paid.count()} of {made.count()} are in the bank"

    tell.wait(
        lambda: not in_progress.exists(), what=f"the payouts of the run up to {cutoff}", progress=progress
    )
    tell.say(progress())
