"""One cell of the drill: a cut and what came in between, from the first sale to the verdict."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command

from database import sql
from database.staff import Right
from payouts.models import Difference, PauseCause, SendingPause
from payouts.services import sending
from payouts.services.reconciliation import books, reconcile
from revenue import services as revenue
from tests.drill.between import Between
from tests.drill.service import Service
from tests.drill.site import Site
from tests.factories import UserFactory
from tests.payouts.sending import SEND, attend

NAMES = ("ada", "ben", "cem", "dee", "eve", "fay")
HALF = 4
# Within a minute, the check that the backup remembers would still count, and Stripe repeat what was sent under its key.
RESTORED_IN = timedelta(minutes=5)


class Cell:
    """The parts of a play, which each cut puts in another order."""

    def __init__(self, site: Site, between: Between) -> None:
        self.site = site
        self.service = Service(site)
        self._between = between
        UserFactory.create(username="dana", rights=list(Right))
        self.service.marketplace.join(*NAMES)
        self.service.marketplace.sell(*NAMES, month="2025-09")
        self.service.marketplace.sell("dee", month="2025-09", gross=1_000_00)

    def back_up(self) -> None:
        self.site.back_up()

    def make_run(self) -> None:
        self.service.make_run()

    def send_half(self) -> None:
        """Send and pay out half; of one, the answer is lost."""
        assert sending.prepare(now=sql.now())
        *sent, unknown = NAMES[:HALF]
        for name in sent:
            self._attend(name)
        self.site.stripe.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
        self._attend(unknown)

    def happen_before_the_run(self) -> None:
        self._between.before_the_run(self.service)

    def send(self) -> None:
        self._between.before_sending(self.service)
        self.service.settle()
        self._between.after_sending(self.service)
        self.service.settle()

    def next_month(self) -> None:
        """Sell, and pay the month after."""
        month = self.service.next_month()
        self.service.marketplace.sell(*NAMES, month=f"{month:%Y-%m}")
        self.service.make_run()
        self.service.settle()

    def recover(self) -> dict[str, Any]:
        """Restore, see that nothing is sent though beat makes the run, recover, and let the service work again."""
        self.site.restore()
        self.site.advance(RESTORED_IN)
        sent = len(self.site.stripe.transfers())
        self._between.restored(self.service)
        self.service.make_run()
        self.service.settle()
        assert len(self.site.stripe.transfers()) == sent, "the restored database sent something"
        behind = SendingPause.objects.filter(cause=PauseCause.BEHIND_STRIPE, lifted_at=None)
        assert behind.exists(), "nobody noticed that the database is behind Stripe"
        out = StringIO()
        call_command("recover", actor="dana", reason="a drill", json=True, stdout=out)
        assert not behind.exists(), "the pause is still open"
        self._between.recovered(self.service)
        self.service.settle()
        return dict(json.loads(out.getvalue().splitlines()[-1]))

    def finish(self) -> None:
        """Pay what is left with the next month, and let everything come to its end."""
        self.service.let_time_pass()
        self.next_month()
        self.service.let_time_pass()

    def findings(self) -> Iterator[str]:
        """Compare what Stripe moved with what was earned, and check the books."""
        at_stripe, at_banks = self._moved()
        for name, earned in self.service.marketplace.earned.items():
            account = self.service.marketplace.account(name)
            if at_stripe[account] != earned:
                yield f"{name} earned {earned}, and Stripe sent {at_stripe[account]}"
            if at_banks[account] != earned:
                yield f"{name} earned {earned}, and the bank has {at_banks[account]}"
        revenue.refresh_stale(now=sql.now())
        for validation in books.check_all(now=sql.now()):
            yield from (f"{validation.name}: {finding}" for finding in validation.findings)
        self.site.advance(timedelta(hours=1))
        reconcile(now=sql.now(), since=sql.now() - timedelta(days=400))
        for difference in Difference.objects.filter(resolved_at=None):
            yield f"{difference.kind} of {difference.subject}: {difference.detail}"
        for payout in self.service.unfinished():
            yield f"{payout.pk} is {payout.get_status_display().lower()}"

    def _attend(self, name: str) -> None:
        (payout,) = self.service.payouts_of(name)
        attend(payout.pk, now=sql.now())

    def _moved(self) -> tuple[Counter[str], Counter[str]]:
        at_stripe: Counter[str] = Counter()
        at_banks: Counter[str] = Counter()
        for transfer in self.site.stripe.transfers():
            at_stripe[transfer["destination"]] += transfer["amount"] - transfer["amount_reversed"]
        for move in self.site.stripe.state("moves")["moves"]:
            if move["type"].startswith("payout"):  # a payout, or one that failed
                at_banks[move["account"]] -= move["amount"]
        return at_stripe, at_banks
