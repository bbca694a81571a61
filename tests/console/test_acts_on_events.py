"""Acts on Stripe's events, notes, and ends of commission rates: what each dialog says and does, and for whom."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import Creator
from database import sql
from database.acts import Kind
from database.models import RecordedAct
from database.staff import Act, Right
from earnings.models import Api, CommissionRate
from earnings.services import commission
from payouts.models import Payout
from stripe_io import handlers, receiving, services
from stripe_io.models import InboxEvent, InboxOutcome, KeptBody, Replay
from stripe_io.verification import Endpoint
from tests.console.cases import (
    Case,
    check_it_does_what_it_says_once,
    check_it_is_not_offered_again,
    check_it_needs_its_right,
)
from tests.console.dialogs import WHY
from tests.factories import ApiFactory, CreatorFactory, PayoutFactory

pytestmark = pytest.mark.django_db
DANA = Act("dana via console", "A wrong meter")
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "api_version": "2026-08-26.dahlia",
    "created": 1_760_000_000,
    "data": {"object": {"id": "tr_1", "object": "transfer", "metadata": {}}},
    "livemode": False,
    "pending_webhooks": 1,
    "request": {"id": "req_1", "idempotency_key": "key-1"},
    "type": "test.happened",
}


@pytest.fixture(autouse=True)
def handled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler of `test.happened`, for this test only."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    handlers.register(lambda event: None, "test.happened")


def stored() -> InboxEvent:
    services.store_event(EVENT)
    services.handle_event(event_id="evt_1", now=sql.now())
    return InboxEvent.objects.get()


def of_a_later_version() -> KeptBody:
    """A body that was set aside by a version that couldn't read it, as this one can."""
    receiving.keep_or_store(b"[]", signers=frozenset(Endpoint))
    KeptBody.objects.update(body=json.dumps(EVENT).encode())
    return KeptBody.objects.get()


def with_own_rate() -> Creator:
    creator = CreatorFactory.create(external_id="alice")
    commission.set_rate(10_00, of=creator, effective_from=sql.now(), act=DANA)
    return creator


def api_with_own_rate() -> Api:
    api = ApiFactory.create(external_id="api-a")
    commission.set_rate(10_00, of=api, effective_from=sql.now(), act=DANA)
    return api


def has_note() -> bool:
    return RecordedAct.objects.filter(kind=Kind.ADD_NOTE, reason=WHY).count() == 1


def is_ended() -> bool:
    return CommissionRate.objects.latest("id").bps is None


CASES = [
    Case(
        "replay-event",
        Right.REPLAY_EVENTS,
        stored,
        ["handle the event test.happened again (handled)", "do nothing twice"],
        lambda: Replay.objects.count() == 1 and InboxEvent.objects.get().outcome == InboxOutcome.HANDLED,
        tells="The event is handled.",
        only_once=False,
    ),
    Case(
        "read-body-again",
        Right.REPLAY_EVENTS,
        of_a_later_version,
        ["read the body with the rules of this version", "otherwise leave it set aside"],
        lambda: InboxEvent.objects.get().outcome == InboxOutcome.HANDLED and Replay.objects.count() == 1,
        tells="evt_1 is in the inbox.",
    ),
    Case(
        "note-on-creator",
        Right.ADD_NOTE,
        lambda: CreatorFactory.create(external_id="alice"),
        ["add a note to the time line of alice"],
        has_note,
        tells="The note on alice is kept.",
        only_once=False,
    ),
    Case(
        "note-on-payout",
        Right.ADD_NOTE,
        lambda: PayoutFactory.create(creator=CreatorFactory.create(external_id="alice")),
        ["add a note to the time lines of this payout and of alice"],
        lambda: has_note() and RecordedAct.objects.filter(payout_id=Payout.objects.get().pk).exists(),
        tells="The note is kept.",
        only_once=False,
    ),
    Case(
        "end-creator-commission",
        Right.SET_COMMISSION,
        with_own_rate,
        ["end the rate of 10 % for alice's sales", "leave earlier sales"],
        is_ended,
        {"start": ""},
        tells="alice no longer has a rate of its own.",
    ),
    Case(
        "end-api-commission",
        Right.SET_COMMISSION,
        api_with_own_rate,
        ["end the rate of 10 % for api-a's sales", "leave earlier sales"],
        is_ended,
        {"start": ""},
        tells="api-a no longer has a rate of its own.",
    ),
]


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    commission.seed_first_rate()
    case: Case = request.param
    return case


each_act = pytest.mark.parametrize("case", CASES, ids=lambda case: case.act, indirect=True)


@each_act
def test_a_dialog_says_what_it_will_do_and_does_that_once(client: Client, case: Case) -> None:
    check_it_does_what_it_says_once(client, case)


@each_act
def test_it_needs_its_own_right_even_if_the_request_is_forged(client: Client, case: Case) -> None:
    check_it_needs_its_right(client, case)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.only_once], ids=lambda case: case.act, indirect=True
)
def test_what_is_done_is_not_offered_again(client: Client, case: Case) -> None:
    check_it_is_not_offered_again(client, case)
