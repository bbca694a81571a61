"""Everything that can happen to two creators' payouts, in any order, with a model of the right result."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from accounts.errors import NothingToLift
from accounts.models import Creator, Hold
from database import sql
from database.staff import Act
from earnings.models import CreatorEarning
from money import month_of
from payouts.errors import IllegalMove, NotRetryable, NotReversible
from payouts.models import Payout
from payouts.selectors import balances_of
from payouts.services.staff import interventions
from payouts.states import DEAD, FINISHED
from stripe_io import services as inbox
from stripe_io.errors import StripeCallFailed
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound
from tests.payouts.sending import work

FAULTS: list[dict[str, Any]] = [
    {"kind": "drop_response_after_work"},
    {"kind": "connection_reset"},
    {"kind": "status", "status": 500, "after_work": True},
    {"kind": "abort_work", "status": 500},
    {"kind": "status", "status": 429, "code": "rate_limit"},
    {"kind": "status", "status": 400, "code": "no_account"},
    {"kind": "status", "status": 400, "code": "balance_insufficient"},
    {"kind": "status", "status": 400, "code": "some_new_code"},
]
WHERE = ["/v1/transfers", "/v1/payouts", "/v1/transfers/.*/reversals", "/v1/.*"]
_WORLDS = count()
NAMES = ["alice", "bob"]
who = st.sampled_from(NAMES)
WHY = Act("dana", "a test")
# The platform keeps 20 %; amounts that this leaves whole.
grosses = st.integers(min_value=1, max_value=40).map(lambda units: units * 5_00)


class World(RuleBasedStateMachine):
    """`earned` is the whole model: what each creator has coming, whatever happens on the way to their bank."""

    sandbox: Stripe
    # How far Stripe's clock has been moved, in all worlds so far; ours follows it.
    ahead = timedelta()

    def __init__(self) -> None:
        super().__init__()
        self._example = transaction.atomic()
        self._example.__enter__()
        self.sandbox.clear_faults()
        self.month = month_of(date(2024, 1, 1))
        self.market = Market()
        self.creators: dict[str, Creator] = {}
        self.accounts: dict[str, str] = {}
        self.earned = dict.fromkeys(NAMES, 0)
        self.told = {event["id"] for event in self.sandbox.state()["events"]}
        # At Stripe the worlds before are still there, and payments are named by whom they pay.
        world = next(_WORLDS)
        for name in NAMES:
            self.creators[name] = self.market.creator(f"{name}-{world}", account=None)
            self.accounts[name] = str(self.market.onboard(self.creators[name]).stripe_account_id)

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            transaction.set_rollback(True)
            self._example.__exit__(None, None, None)

    # Billing and runs

    @rule(name=who, gross=grosses)
    def sell(self, name: str, gross: int) -> None:
        self.market.sell(self.creators[name], gross, at=f"{self.month.start}T12:00:00Z")
        self.earned[name] += gross * 4 // 5

    @rule(name=who, gross=grosses)
    def refund(self, name: str, gross: int) -> None:
        self.market.refund(self.creators[name], gross, at=f"{self.month.start}T12:00:00Z")
        self.earned[name] -= gross * 4 // 5

    @rule()
    def pay_the_month(self) -> None:
        self.market.run(self.month.end)
        self.month = month_of(self.month.end)

    @rule()
    def pay_the_last_month_again(self) -> None:
        self.market.run(self.month.start)

    # Sending

    @rule(fault=st.sampled_from(FAULTS), where=st.sampled_from(WHERE), count=st.integers(1, 3))
    def something_fails_at_stripe(self, fault: dict[str, Any], where: str, count: int) -> None:
        self.sandbox.inject({"method": "POST", "path": where, **fault, "count": count})

    @rule()
    def workers_do_what_is_due(self) -> None:
        self._work()

    @rule(hours=st.sampled_from([1 / 60, 1, 7, 25, 24 * 8, 24 * 31]))
    def time_passes(self, hours: float) -> None:
        seconds = round(hours * 3600)
        type(self).ahead += timedelta(seconds=seconds)
        self.sandbox.control("clock", advance=seconds)

    # Webhooks, banks, dashboards

    @rule(data=st.data())
    def stripe_tells_something(self, data: st.DataObject) -> None:
        """In any order, and again."""
        events = self._events()
        if events:
            self._tell(data.draw(st.sampled_from(events)))

    @rule(data=st.data(), code=st.sampled_from(["account_closed", "could_not_process"]))
    def a_bank_sends_money_back(self, data: st.DataObject, code: str) -> None:
        sent = [each for each in self._at("payouts") if each["status"] not in {"failed", "canceled"}]
        if sent:
            self.sandbox.control(f"payouts/{data.draw(st.sampled_from(sent))['id']}/fail", failure_code=code)

    @rule(name=who)
    def a_creator_mends_their_bank_account(self, name: str) -> None:
        self.sandbox.control(f"accounts/{self.accounts[name]}/bank_account/edit")

    # Staff

    @rule(name=who)
    def staff_hold(self, name: str) -> None:
        interventions.hold_creator(self.creators[name], act=WHY, now=self.now)

    @rule(name=who)
    def staff_release(self, name: str) -> None:
        with suppress(NothingToLift):
            interventions.release_creator(self.creators[name], act=WHY, now=self.now)

    @precondition(lambda self: Payout.objects.exists())
    @rule(data=st.data(), act=st.sampled_from(["cancel", "retry", "reverse", "sync"]))
    def staff_act(self, data: st.DataObject, act: str) -> None:
        payout = data.draw(st.sampled_from(list(Payout.objects.order_by("pk"))), label="payout")
        with suppress(IllegalMove, NotRetryable, NotReversible, StripeCallFailed):
            getattr(interventions, f"{act}_payout")(payout.pk, act=WHY, now=self.now)

    # Invariants

    @invariant()
    def the_books_are_sound(self) -> None:
        wrong = unsound()
        assert not wrong, wrong

    @invariant()
    def every_cent_is_payable_or_in_a_live_payout(self) -> None:
        for name, creator in self.creators.items():
            rows = CreatorEarning.objects.filter(creator=creator)
            assert sum(row.net for row in rows) == self.earned[name]
            live = Payout.objects.filter(creator=creator).exclude(status__in=DEAD)
            claimed = sum(row.net for row in rows if row.payout_id is not None)
            assert claimed == sum(payout.net_amount for payout in live)

    @invariant()
    def every_balance_adds_up(self) -> None:
        for name, creator in self.creators.items():
            balances = balances_of(creator.pk)
            assert all(balance.adds_up for balance in balances), balances
            assert sum(balance.lifetime_net for balance in balances) == self.earned[name]

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        for payout in Payout.objects.all():
            sent = [
                each for each in self._at("transfers") if each["metadata"]["reference"] == payout.reference
            ]
            kept = sum(each["amount"] - each["amount_reversed"] for each in sent)
            assert kept in {0, payout.net_amount}
            if payout.status in DEAD:
                assert kept == 0
            if payout.status in {"in_transit", "paid"}:
                assert payout.stripe_transfer_id in {each["id"] for each in sent}

    # Doing it

    @property
    def now(self) -> datetime:
        return sql.now() + self.ahead

    def _work(self) -> None:
        work(self.now)
        Payout.objects.update(taken_at=None)

    def _at(self, what: str) -> list[dict[str, Any]]:
        """List what Stripe has of this example's creators."""
        mine = set(self.accounts.values())
        return [
            each
            for each in self.sandbox.state()[what]
            if (each.get("destination") in mine or each.get("account") in mine)
        ]

    def _events(self) -> list[dict[str, Any]]:
        return [
            event
            for event in self.sandbox.state()["events"]
            if event["id"] not in self.told and event["type"].split(".")[0] in {"transfer", "payout"}
        ]

    def _tell(self, event: dict[str, Any]) -> None:
        assert self.sandbox.post_event(event).status_code == 200
        inbox.handle_event(event_id=event["id"], now=self.now)

    def _settle(self) -> None:
        """Remove all faults, and let everything finish."""
        self.sandbox.clear_faults()
        for name in NAMES:
            self.a_creator_mends_their_bank_account(name)
        for creator in self.creators.values():
            with suppress(NothingToLift):
                interventions.release_creator(creator, act=WHY, now=self.now)
        for _ in range(60):
            self._work()
            for event in self._events():
                self._tell(event)
                self.told.add(event["id"])
            if not self._unfinished():
                break
            self.time_passes(7)
        self.the_books_are_sound()
        self.every_cent_is_payable_or_in_a_live_payout()
        self.nothing_is_sent_twice()
        left = self._unfinished()
        assert not left, left

    def _unfinished(self) -> list[tuple[str, list[str]]]:
        """List the payouts that haven't ended and don't wait for staff to lift a hold."""
        held = Hold.objects.filter(creator=OuterRef("creator"), lifted_at=None)
        waiting = Payout.objects.exclude(status__in=FINISHED).exclude(Exists(held))
        return [(each.status, [event.reason for event in each.events.all()]) for each in waiting]
