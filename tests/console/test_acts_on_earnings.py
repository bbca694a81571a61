"""Acts on earnings, billing, sending and differences: what each dialog says and does, and whom and what it refuses."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID, uuid4

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import Creator
from database import sql
from database.display import list_of, page_of
from database.staff import Act, Right
from earnings.models import (
    Adjustment,
    AdjustmentKind,
    Api,
    BillingBatch,
    CommissionRate,
    QuarantinedRecord,
    UnlinkedRecord,
)
from earnings.services import adjustments, commission
from ledger.selectors import payable_balance
from money import Money
from payouts.models import (
    Difference,
    DifferenceKind,
    IgnoredInstallation,
    PauseCause,
    Payout,
    PayoutRun,
    PlacementTarget,
    SendingPause,
    SuspensePlacement,
)
from payouts.services import differences
from payouts.services.deciding import pauses
from payouts.services.staff import placements
from payouts.states import PayoutStatus
from tests.console.cases import (
    Case,
    check_it_does_what_it_says_once,
    check_it_is_not_offered_again,
    check_it_needs_its_right,
    log_in,
)
from tests.console.dialogs import WHY, dialog_of, open_dialog
from tests.earnings.test_batches import no_row_with
from tests.factories import ApiFactory, CreatorFactory, PayoutFactory, SourceFactory, UserFactory
from tests.feeding import feed, post, record, refund

pytestmark = pytest.mark.django_db
OTHER = UUID("12345678-1234-4234-8234-123456789012")
DANA = Act("dana via console", "A wrong meter")


def alice() -> Creator:
    creator = Creator.objects.filter(external_id="alice").first()
    if creator is None:
        creator = CreatorFactory.create(external_id="alice")
        ApiFactory.create(external_id="api-a", owner=creator)
    return creator


def earning(amount: int = 100_00) -> Creator:
    """Alice has earned 80 % of this."""
    creator = alice()
    feed(SourceFactory.create(name="billing"), record(amount=str(amount)), now=sql.now())
    post(sql.now())
    return creator


def owing() -> Creator:
    creator = alice()
    feed(SourceFactory.create(name="billing"), record(kind="refund", amount="1000"), now=sql.now())
    post(sql.now())
    return creator


def proposed(amount: int = 125_00) -> Adjustment:
    return adjustments.propose_adjustment(earning(), amount=Money(amount, "USD"), act=DANA)


def quarantined() -> QuarantinedRecord:
    alice()
    feed(SourceFactory.create(name="billing"), refund({"record_id": "c-1"}, amount="1000"), now=sql.now())
    return QuarantinedRecord.objects.get()


def waiting_for_nothing() -> QuarantinedRecord:
    """Its API is known by now."""
    alice()
    held = feed(SourceFactory.create(name="billing"), record(api_id="api-new"), now=sql.now())
    assert held.refused
    ApiFactory.create(external_id="api-new", owner=alice())
    return QuarantinedRecord.objects.get()


def set_aside() -> BillingBatch:
    alice()
    feed(SourceFactory.create(name="billing"), record(amount="666"), now=sql.now())
    with no_row_with("gross = 666"):
        post(sql.now())
    return BillingBatch.objects.get()


def suspended() -> Payout:
    return PayoutFactory.create(
        creator=alice(),
        gross_amount=100_00,
        platform_fee=20_00,
        net_amount=80_00,
        status=PayoutStatus.PAID,
        amount_reversed=80_00,
        stripe_transfer_id="tr_1",
        paid_at=sql.now(),
    )


def placed() -> SuspensePlacement:
    return placements.propose_placement(suspended().pk, target=PlacementTarget.CREATOR, amount=None, act=DANA)


def difference() -> Difference:
    return differences.open_difference(
        DifferenceKind.FOREIGN_BANK_PAYOUT,
        subject="po_1",
        amount=Money(500, "USD"),
        detail="Nobody here sent it",
        now=sql.now(),
    )


def unsent() -> None:
    PayoutFactory.create(creator=alice())


def paused() -> SendingPause:
    return pauses.pause_sending(act=DANA, now=sql.now())


def unusual_run() -> PayoutRun:
    payout = PayoutFactory.create(creator=alice())
    assert payout.run
    pauses.open_pause(
        PauseCause.RUN_SIZE,
        currency="USD",
        run=payout.run,
        needed=payout.net_amount,
        detail="it pays more than usual",
        probe_at=sql.now(),
        now=sql.now(),
    )
    return payout.run


def ignored() -> None:
    IgnoredInstallation.objects.create(uuid=OTHER, ignored_by="dana", reason="Another shop")


def owed() -> int:
    return payable_balance(alice().pk, currency="USD")


CASES = [
    Case(
        "propose-adjustment",
        Right.PROPOSE_ADJUSTMENT,
        earning,
        [
            "propose that alice is owed $125.00 more",
            "change what alice is owed from $80.00 to $205.00",
            "Propose 1 adjustment, $125.00",
        ],
        lambda: Adjustment.objects.get().amount == 125_00 and owed() == 80_00,
        {"amount": "125.00", "currency": "USD"},
        only_once=False,
    ),
    Case(
        "propose-write-off",
        Right.PROPOSE_ADJUSTMENT,
        owing,
        ["propose to give up $8.00 that alice owes", "wait until another person approves it"],
        lambda: Adjustment.objects.get().kind == AdjustmentKind.WRITE_OFF and owed() == -8_00,
        {"currency": "USD"},
        only_once=False,
    ),
    Case(
        "approve-adjustment",
        Right.APPROVE_ADJUSTMENT,
        proposed,
        ["book $125.00 for alice (dana proposed it: A wrong meter)", "from $80.00 to $205.00"],
        lambda: Adjustment.objects.get().decided_by == "erin via console" and owed() == 205_00,
    ),
    Case(
        "decline-adjustment",
        Right.APPROVE_ADJUSTMENT,
        proposed,
        ["leave what alice is owed as it is"],
        lambda: Adjustment.objects.get().status == "declined" and owed() == 80_00,
    ),
    Case(
        "retry-quarantined",
        Right.RETRY_QUARANTINE,
        waiting_for_nothing,
        ["take the record in, if it can be used now"],
        lambda: QuarantinedRecord.objects.get().resolution == "entered",
    ),
    Case(
        "accept-unlinked",
        Right.ACCEPT_UNLINKED,
        quarantined,
        [
            "alice, who owned api-a then, at 20 % commission: -$10.00 gross, -$8.00 net",
            "from $0.00 to -$8.00",
        ],
        lambda: UnlinkedRecord.objects.get().actor == "erin via console" and owed() == -8_00,
        {"api": "api-a"},
    ),
    Case(
        "retry-batch",
        Right.RETRY_BATCH,
        set_aside,
        ["post the batch's 1 record, if that is possible now"],
        lambda: owed() == 533,
    ),
    Case(
        "quarantine-batch",
        Right.QUARANTINE_BATCH,
        set_aside,
        ["otherwise move its 1 record to quarantine"],
        lambda: BillingBatch.objects.get().set_aside_at is None,
    ),
    Case(
        "set-creator-commission",
        Right.SET_COMMISSION,
        alice,
        ["take 15 % of alice's sales from now (so far no rate of their own)"],
        lambda: CommissionRate.objects.latest("created_at").bps == 15_00,
        {"percent": "15.00", "start": ""},
        only_once=False,
    ),
    Case(
        "set-default-commission",
        Right.SET_COMMISSION,
        lambda: None,
        ["take 12.5 % of all sales without a rate of their own from now (so far 20 %)"],
        lambda: CommissionRate.objects.latest("created_at").bps == 12_50,
        {"percent": "12.5", "start": ""},
        only_once=False,
    ),
    Case(
        "pause-sending",
        Right.PAUSE_SENDING,
        unsent,
        ["send nothing to creators or their banks", "Now 1 payout waits to be sent"],
        lambda: SendingPause.objects.filter(lifted_at=None, started_by="erin via console").exists(),
    ),
    Case(
        "resume-sending",
        Right.RESUME_SENDING,
        paused,
        ["lift the pause by dana: A wrong meter"],
        lambda: SendingPause.objects.get().lifted_by == "erin via console",
    ),
    Case(
        "release-run",
        Right.RESUME_SENDING,
        unusual_run,
        ["send it although it pays more than usual"],
        lambda: SendingPause.objects.get().lifted_by == "erin via console",
    ),
    Case(
        "own-difference",
        Right.OWN_DIFFERENCE,
        difference,
        ["show everyone that you are looking into it"],
        lambda: Difference.objects.get().owner == "erin via console",
        only_once=False,
    ),
    Case(
        "resolve-difference",
        Right.RESOLVE_DIFFERENCE,
        difference,
        ["move no money and book nothing"],
        lambda: Difference.objects.get().resolution == WHY,
    ),
    Case(
        "propose-placement",
        Right.PROPOSE_PLACEMENT,
        suspended,
        ["propose whose $50.00 in suspense are: The creator's", "from $0.00 to $50.00"],
        lambda: SuspensePlacement.objects.get().amount == 50_00,
        {"target": "creator", "amount": "50.00"},
    ),
    Case(
        "decline-placement",
        Right.APPROVE_PLACEMENT,
        placed,
        ["leave $80.00 in suspense"],
        lambda: SuspensePlacement.objects.get().status == "declined",
    ),
    Case(
        "approve-placement",
        Right.APPROVE_PLACEMENT,
        placed,
        ["book $80.00 out of suspense, as owed to alice", "Approve 1 placement, $80.00"],
        lambda: SuspensePlacement.objects.get().status == "approved" and owed() == 80_00,
    ),
    Case(
        "heed-installation",
        Right.RECOVER,
        ignored,
        ["pause all sending if Stripe shows one of them again"],
        lambda: not IgnoredInstallation.objects.exists(),
        {"installation": str(OTHER)},
        only_once=False,
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


@pytest.mark.parametrize(
    ("act", "subject"), [("approve-adjustment", proposed), ("approve-placement", placed)]
)
def test_nobody_approves_their_own_proposal(client: Client, act: str, subject: Callable[[], Model]) -> None:
    waiting = subject()
    client.force_login(
        UserFactory.create(username="dana", rights=[Right.APPROVE_ADJUSTMENT, Right.APPROVE_PLACEMENT])
    )
    assert dialog_of(act, waiting) not in client.get(page_of(waiting)).content.decode()
    address = dialog_of(act, waiting)
    for answer in (client.get(address), client.post(address, {"token": str(uuid4()), "reason": WHY})):
        assert answer.status_code == HTTPStatus.CONFLICT
        assert "Another person has to approve it" in answer.content.decode()
        assert 'type="submit">' not in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.__dict__["status"] == "proposed"


@pytest.mark.parametrize(
    ("amount", "wrong"),
    [
        ("0", "can&#x27;t be zero"),
        ("1.005", "USD has 2 decimal places"),
        ("much", "like 1,250.00"),
        ("1_000", "like 1,250.00"),
        ("1e3", "like 1,250.00"),
        ("12,50", "like 1,250.00"),
        ("1,250.00", "$1,250.00 more"),
        ("10000000000.00", "can be at most $9,999,999,999.99"),
    ],
)
def test_an_amount_is_read_as_people_write_it(client: Client, amount: str, wrong: str) -> None:
    creator = earning()
    log_in(client, Right.PROPOSE_ADJUSTMENT)
    address = dialog_of("propose-adjustment", creator)
    answer = client.post(address, {**open_dialog(client, address), "amount": amount, "currency": "USD"})
    assert wrong in answer.content.decode()
    assert not Adjustment.objects.exists()


def test_a_rate_cant_apply_to_recorded_sales(client: Client) -> None:
    earning()
    log_in(client, Right.SET_COMMISSION)
    address = dialog_of("set-api-commission", Api.objects.get())
    fields = {"percent": "10", "start": "2024-01-01T00:00"}
    answer = client.post(address, {**open_dialog(client, address), **fields})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "already have their rates" in answer.content.decode()


@pytest.mark.parametrize(
    ("act", "table", "right"),
    [
        ("pause-sending", SendingPause, Right.PAUSE_SENDING),
        ("set-default-commission", CommissionRate, Right.SET_COMMISSION),
    ],
)
def test_acts_on_the_platform_have_their_buttons_above_a_list(
    client: Client, act: str, table: type[Model], right: Right
) -> None:
    log_in(client, right)
    assert dialog_of(act) in client.get(list_of(table)).content.decode()
    client.force_login(UserFactory.create())
    assert dialog_of(act) not in client.get(list_of(table)).content.decode()


def test_proposals_are_decided_where_they_are_listed(client: Client) -> None:
    waiting = [dialog_of("approve-adjustment", proposed()), dialog_of("approve-placement", placed())]
    log_in(client, Right.APPROVE_ADJUSTMENT, Right.APPROVE_PLACEMENT)
    page = client.get(reverse("admin:approvals")).content.decode()
    assert all(address in page for address in waiting)
    client.force_login(UserFactory.create(username="dana", rights=list(Right)))
    own = client.get(reverse("admin:approvals")).content.decode()
    assert not any(address in own for address in waiting)
    assert 'title="<' not in own + page
