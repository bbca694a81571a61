"""A converted transfer is taken back as far as the account can pay for it; the platform bears a small loss."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import Creator
from database import sql
from database.staff import Act
from earnings.models import CreatorEarning
from ledger.models import AccountKind, LedgerEntry
from payouts import policy
from payouts.gateway import Arrival, Reversal, Transfer
from payouts.models import Difference, DifferenceKind, Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services import sending
from payouts.services.sending import coming_back, returned, reversals
from payouts.services.sending.effects import OpenDifference, ReleaseEarnings
from payouts.services.staff import interventions
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.legs import FAILURE, NOW, PAYABLE, attempt, due, on_account, targets
from tests.payouts.market import Market, balance, unsound
from tests.payouts.sending import send_transfer, work

CONVERTED = {"bank_currency": "EUR"}
ALL = 80_00


def refused(amount: int = ALL, **columns: object) -> PayoutAttempt:
    return attempt(AttemptKind.REVERSAL, AttemptStatus.REFUSED, amount=amount, ended_at=NOW, **columns)


@pytest.mark.parametrize(
    ("asked", "back", "next_amount"),
    [
        (80_00, 0, 79_20),
        (79_20, 0, 78_40),
        (76_50, 0, 76_00),
        (76_00, 0, None),
        # Staff reversed a part in the dashboard.
        (30_00, 50_00, 29_20),
        (26_00, 50_00, None),
    ],
)
def test_after_a_refusal_a_hundredth_less_is_asked_for_up_to_the_largest_loss(
    asked: int, back: int, next_amount: int | None
) -> None:
    history = on_account(PayoutStatus.RETURNED, refused(asked), amount_reversed=back, **CONVERTED)
    decision = returned.prepare(history, PAYABLE, now=NOW)
    amount = decision.new_attempt["amount"] if decision.new_attempt else None
    assert amount == next_amount


def test_only_the_last_refusal_is_for_staff() -> None:
    for amount, told in [(80_00, False), (76_00, True)]:
        asked = attempt(AttemptKind.REVERSAL, amount=amount)
        history = on_account(PayoutStatus.RETURNED, asked, **CONVERTED)
        decision = reversals.failed(history, asked, FAILURE, Verdict.SHORT, now=NOW)
        assert any(isinstance(effect, OpenDifference) for effect in decision.effects) == told


def test_what_arrived_in_its_own_currency_is_taken_back_whole_or_not_at_all() -> None:
    assert reversals.ask_for_less(on_account(PayoutStatus.RETURNED, refused()), now=NOW) is None


def test_staff_who_reversed_enough_in_the_dashboard_end_the_payout() -> None:
    history = on_account(PayoutStatus.RETURNED, refused(80), amount_reversed=79_20, **CONVERTED)
    decision = returned.prepare(history, PAYABLE, now=NOW)
    assert targets(decision) == ["reversed"]
    assert (decision.changes["amount_reversed"], decision.changes["fx_loss"]) == (79_20, 80)


@pytest.mark.parametrize(
    ("attempts", "columns", "back", "ends"),
    [
        ([refused()], CONVERTED, 76_00, True),
        ([refused()], CONVERTED, 75_99, False),
        ([], CONVERTED, 79_99, False),  # Stripe has refused nothing
        ([refused()], {}, 79_99, False),  # nothing was converted
    ],
)
def test_a_loss_ends_the_payout_only_within_its_bound(
    attempts: Sequence[PayoutAttempt], columns: dict[str, str], back: int, ends: bool
) -> None:
    history = on_account(PayoutStatus.RETURNED, *attempts, **columns)
    decision = coming_back.came_back(history, back, now=NOW)
    assert targets(decision) == (["reversed"] if ends else [])
    lost = [effect.fx_loss for effect in decision.effects if isinstance(effect, ReleaseEarnings)]
    assert lost == ([ALL - back] if ends else [])


@pytest.mark.parametrize(
    ("available", "currency", "asks_again", "waits"),
    [
        (timedelta(hours=1), "EUR", None, timedelta(hours=1)),
        (timedelta(hours=-1), "EUR", None, timedelta(0)),
        (timedelta(hours=-1), "USD", None, policy.LOOK_AT_RETURNED),
    ],
)
def test_a_refusal_is_understood_by_what_arrived(
    available: timedelta, currency: str, asks_again: int | None, waits: timedelta
) -> None:
    history = on_account(PayoutStatus.RETURNED, refused(), bank_currency="")
    question = returned.prepare(history, PAYABLE, now=NOW).question
    assert isinstance(question, reversals.BroughtQuestion)
    decision = question.decide(history, PAYABLE, Arrival(70_00, currency, NOW + available), now=NOW)
    assert (decision.new_attempt, due(decision)) == (asks_again, waits)


def test_what_was_pending_when_it_was_refused_is_asked_for_whole_again() -> None:
    history = on_account(PayoutStatus.RETURNED, refused(), bank_currency="")
    later = NOW + timedelta(hours=24)
    question = reversals.BroughtQuestion("py_1", "acct_1")
    decision = question.decide(history, PAYABLE, Arrival(70_00, "EUR", later), now=later)
    assert decision.new_attempt
    assert decision.new_attempt["amount"] == ALL


def test_after_four_refusals_of_the_whole_it_is_for_staff() -> None:
    old = {"ended_at": NOW - policy.REVERSE_AGAIN_AFTER}
    tried = [attempt(AttemptKind.REVERSAL, AttemptStatus.REFUSED, **old) for _ in range(4)]
    for number, again in [(3, True), (4, False)]:
        history = on_account(PayoutStatus.RETURNED, *tried[:number], failure_code="account_gone")
        assert bool(returned.prepare(history, PAYABLE, now=NOW).new_attempt) == again


def test_a_pending_reversal_stays_open_and_is_looked_up() -> None:
    asked = attempt(AttemptKind.REVERSAL)
    history = on_account(PayoutStatus.RETURNED, asked)
    made = Reversal(id="trr_1", amount=ALL, pending=True)
    decision = reversals.succeeded(history, asked, made, now=NOW)
    assert (targets(decision), due(decision)) == ([], policy.CONFIRM_AFTER)
    assert decision.update
    assert decision.update.changes == {"stripe_id": "trr_1", "answered": True}
    asked.stripe_id = "trr_1"
    assert not reversals.may_send_again(history, PAYABLE)


@pytest.fixture
def anna(market: Market, sandbox: Stripe, db: None) -> Creator:
    """Paid in euros."""
    anna = market.creator("anna", account=None)
    Creator.objects.update(country="DE")
    market.onboard(anna)
    return anna


@pytest.fixture
def euros(market: Market, anna: Creator) -> Payout:
    """$80.00 that arrived on anna's account as euros."""
    market.sell(anna, 100_00)
    market.run()
    payout = Payout.objects.get()
    send_transfer(payout.pk, now=sql.now())
    return payout


def take_back(payout: Payout) -> Payout:
    """Have staff take the money back, and attend to it as long as it is due."""
    interventions.reverse_payout(payout.pk, act=Act("dana", "A test"), now=sql.now())
    for _ in range(10):
        work(sql.now())
    return Payout.objects.get(pk=payout.pk)


def sum_of(kind: AccountKind) -> int:
    return sum(LedgerEntry.objects.filter(account__kind=kind).values_list("amount", flat=True))


def test_a_reversal_that_comes_back_short_by_the_rate_books_the_loss(euros: Payout) -> None:
    reversed_one = take_back(euros)
    # A spread of 1.5 % needs 1.48 % less.
    assert (reversed_one.status, reversed_one.amount_reversed, reversed_one.fx_loss) == (
        PayoutStatus.REVERSED,
        78_40,
        1_60,
    )
    assert sum_of(AccountKind.FX_DIFFERENCE) == -1_60
    assert balance(euros.creator_id, AccountKind.CREATOR_PAYABLE) == 80_00
    assert CreatorEarning.objects.get().payout is None
    assert not Difference.objects.exists()
    asked = PayoutAttempt.objects.filter(kind=AttemptKind.REVERSAL).order_by("created_at")
    assert [(each.amount, each.status, each.requested_by) for each in asked] == [
        (80_00, "refused", "dana"),
        (79_20, "refused", "dana"),
        (78_40, "succeeded", "dana"),
    ]
    assert unsound() == {}


def test_a_loss_beyond_the_bound_is_for_staff(euros: Payout, sandbox: Stripe, settings: Settings) -> None:
    sandbox.control("rates", per_euro={"usd": "1.0"})
    kept = take_back(euros)
    assert (kept.status, kept.amount_reversed) == (PayoutStatus.RETURNED, 0)
    assert Difference.objects.get().kind == DifferenceKind.REVERSAL_REFUSED
    assert PayoutAttempt.objects.filter(kind=AttemptKind.REVERSAL).count() == 6
    settings.LARGEST_FX_LOSS_BPS = 1_300
    for _ in range(15):
        work(sql.now() + policy.REVERSE_AGAIN_AFTER)
    assert Payout.objects.get().status == PayoutStatus.REVERSED
    assert Difference.objects.get().resolved_at is not None
    assert unsound() == {}


def test_what_comes_back_after_all_lessens_the_loss(euros: Payout) -> None:
    take_back(euros)
    sending.record_reversal(Payout.objects.get().stripe_transfer_id, 79_00, now=sql.now())
    assert (Payout.objects.get().fx_loss, sum_of(AccountKind.FX_DIFFERENCE)) == (1_00, -1_00)
    assert unsound() == {}


@pytest.fixture
def waiting(sent: Payout, sandbox: Stripe) -> Payout:
    """A payout that staff take back, while its account owes Stripe as much."""
    sandbox.control("pending_reversals", enabled=True)
    account = sent.attempts.get().destination
    sandbox.control(f"accounts/{account}/adjust", amount=-80_00)
    interventions.reverse_payout(sent.pk, act=Act("dana", "A test"), now=sql.now())
    return Payout.objects.get()


def end_pending(sandbox: Stripe, status: str) -> None:
    (reversal,) = sandbox.state("transfer_reversals")["transfer_reversals"]
    sandbox.control(f"reversals/{reversal['id']}/end", status=status)


def look(payout: Payout) -> Payout:
    """Attend to it when it is next due."""
    due_at = Payout.objects.get(pk=payout.pk).next_retry_at
    assert due_at is not None
    work(due_at)
    return Payout.objects.get(pk=payout.pk)


def record_transfer_as_told(payout: Payout, sandbox: Stripe) -> None:
    """Handle the event of the transfer, which counts the pending reversal."""
    (transfer,) = sandbox.transfers()
    assert transfer["amount_reversed"] == 80_00
    sending.record_transfer(Transfer.of(transfer), payout_id=payout.pk, now=sql.now())


@pytest.mark.django_db
def test_a_pending_reversal_books_nothing_until_it_succeeded(waiting: Payout, sandbox: Stripe) -> None:
    record_transfer_as_told(waiting, sandbox)
    assert look(waiting).status == PayoutStatus.RETURNED
    assert sum_of(AccountKind.SUSPENSE) == 0
    assert unsound() == {}
    end_pending(sandbox, "succeeded")
    assert look(waiting).status == PayoutStatus.REVERSED
    assert [each.status for each in waiting.attempts.filter(kind=AttemptKind.REVERSAL)] == ["succeeded"]
    assert unsound() == {}


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_pending_reversal_that_fails_was_refused(waiting: Payout, sandbox: Stripe, status: str) -> None:
    end_pending(sandbox, status)
    assert look(waiting).status == PayoutStatus.RETURNED
    (asked,) = waiting.attempts.filter(kind=AttemptKind.REVERSAL)
    assert (asked.status, asked.error_code) == ("refused", status)
    assert Difference.objects.get().kind == DifferenceKind.REVERSAL_REFUSED
    assert unsound() == {}
