"""The service in the drill: what its workers, its beat and its staff do, one after the other."""

import time
from datetime import date, timedelta

from accounts.models import Creator, Hold
from accounts.services.holds import lift_expired
from database import sql
from database.staff import Act
from money import month_of
from payouts.models import Payout
from payouts.services.deciding import runs
from payouts.services.staff import interventions
from payouts.states import FINISHED, PayoutStatus
from stripe_io import services as inbox
from tests.drill.marketplace import Marketplace
from tests.drill.site import Site
from tests.local_stripe import Stripe
from tests.payouts.sending import work

CUTOFF = date(2025, 10, 1)
# What waits for funds, a look-up or an hour's proof is done by the end of these.
STEPS = (timedelta(hours=2), timedelta(hours=26), timedelta(days=8))
MOST_ROUNDS = 200


class Service:
    """`cutoff` is that of the next run."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.marketplace = Marketplace()
        self.cutoff = CUTOFF

    @property
    def stripe(self) -> Stripe:
        return self.site.stripe

    def make_run(self) -> None:
        runs.make_run(cutoff=self.cutoff, now=sql.now())

    def settle(self) -> None:
        """Do the work of workers and beat until nothing is due, and Stripe has no new events."""
        for _ in range(MOST_ROUNDS):
            before = self._requests()
            work(sql.now())
            told = self.stripe.deliver_webhooks()
            handled = inbox.handle_due(at_most=1_000)
            if not (told or handled or self.stripe.pays()) and self._requests() == before:
                return
            time.sleep(0.01)
        raise AssertionError("nothing settles")

    def let_time_pass(self) -> None:
        for step in STEPS:
            self.site.advance(step)
            lift_expired(now=sql.now())
            self.settle()

    def next_month(self) -> date:
        """Move on to the run after, and return the first day of the month that it pays."""
        month = self.cutoff
        self.cutoff = month_of(month).end
        return month

    def unfinished(self) -> list[Payout]:
        return list(Payout.objects.exclude(status__in=FINISHED))

    def payouts_of(self, name: str) -> list[Payout]:
        return list(Payout.objects.filter(creator__external_id=name).order_by("pk"))

    def bank_sends_back(self, payout: Payout) -> None:
        bank_payout = payout.stripe_payout_id
        self.stripe.control(f"payouts/{bank_payout}/fail", failure_code="could_not_process")
        self.settle()
        payout.refresh_from_db()
        assert payout.status == PayoutStatus.RETURNED, payout.status

    def release_all(self, act: Act) -> None:
        held = Hold.objects.filter(lifted_at=None).values("creator")
        for creator in Creator.objects.filter(pk__in=held):
            interventions.release_creator(creator, act=act, now=sql.now())

    def _requests(self) -> int:
        return sum(
            count
            for route, count in self.stripe.state("requests")["requests"].items()
            if "_sandbox" not in route and "balance" not in route
        )
