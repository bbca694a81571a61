"""A payout's page says where the money is, why, and what happens next; and each state has its steps."""

from datetime import date, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import CreatorPaymentAccount, Destination
from payouts.models import Payout, PayoutAttempt
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from payouts.whereabouts import Situation, StepState, situation_of, steps_of, tell
from tests.payouts.legs import NOW, attempt, payout

HOUR = timedelta(hours=1)
TRANSFER = attempt(AttemptKind.TRANSFER, AttemptStatus.SUCCEEDED, stripe_id="tr_1", ended_at=NOW - HOUR)
SENT = {"stripe_transfer_id": "tr_1", "arrival_amount": 80_00, "bank_currency": "USD"}
DONE, UNDER_WAY, WAITS, STOPPED = StepState.DONE, StepState.NOW, StepState.WAITS, StepState.STOPPED


def situation(status: PayoutStatus, *, attempts: Any = (), known: Any = None, **columns: Any) -> Situation:
    return Situation(
        payout=payout(status, **{"created_at": NOW - 2 * HOUR, **columns}),
        attempts=attempts,
        creator="alice",
        **(known or {}),
    )


def told(status: PayoutStatus, **said: Any) -> str:
    return " ".join(tell(situation(status, **said), now=NOW))


WAITING = "$80.00 is on the platform's Stripe balance, reserved for alice, and waits to be sent."


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ({}, "It is sent within a minute."),
        ({"next_retry_at": NOW + HOUR}, "We try at 01:15."),
        ({"known": {"run_is_made": False}}, "Its run is still being made."),
        ({"known": {"pauses": ["$5.00 missing."]}}, "Sending is paused: $5.00 missing."),
        (
            {"known": {"another_is_unresolved": True}, "next_retry_at": None},
            "Nothing is sent to alice while another payout of theirs is unresolved.",
        ),
        (
            {
                "failure_code": "account_not_payable",
                "failure_message": "The Stripe account can't be paid right now.",
                "next_retry_at": NOW + timedelta(days=1),
            },
            "The Stripe account can't be paid right now. We try at 00:15 on 2 Nov.",
        ),
    ],
)
def test_a_waiting_payout_says_what_it_waits_for(said: dict[str, Any], then: str) -> None:
    assert told(PayoutStatus.PENDING, **said) == f"{WAITING} {then}"


def test_a_payout_on_hold_says_why_and_until_when() -> None:
    known = {"holds": ["looks odd"], "cooling_down_until": NOW + HOUR}
    assert told(PayoutStatus.ON_HOLD, known=known) == (
        "$80.00 is on the platform's Stripe balance, reserved for alice, who is on hold. Looks odd. "
        "The cool-down ends at 01:15. It is sent once nothing holds them."
    )


def test_a_transfer_in_doubt_is_said_to_be_sent_once() -> None:
    doubtful = attempt(
        AttemptKind.TRANSFER, in_doubt=True, last_sent_at=NOW - HOUR, error_message="Connection reset"
    )
    assert told(PayoutStatus.PROCESSING, attempts=[doubtful], next_retry_at=NOW + HOUR) == (
        "$80.00 was sent to alice's Stripe account at 23:15 on 31 Oct, and Stripe hasn't confirmed it. "
        "It can't be sent twice: we only repeat the same request, or look it up. "
        "Stripe's last answer: Connection reset. Next try at 01:15."
    )


def test_an_unresolved_payout_says_that_nobody_knows() -> None:
    assert told(PayoutStatus.UNRESOLVED, next_retry_at=NOW + HOUR) == (
        "Nobody knows yet whether Stripe sent $80.00 to alice's Stripe account. "
        "We look it up, and never send it again before Stripe shows that it isn't there. "
        "Next try at 01:15. Until then alice gets no other payout."
    )


ON_ACCOUNT = "$80.00 is on alice's Stripe account."


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ({"next_retry_at": NOW + HOUR}, "Stripe makes it available for their bank later. Next try at 01:15."),
        ({"attempts": [attempt(AttemptKind.BANK_PAYOUT)]}, "It is being paid to their bank."),
        (
            {"attempts": [attempt(AttemptKind.BANK_PAYOUT, in_doubt=True)]},
            "We asked Stripe to pay it to their bank, and Stripe hasn't confirmed that.",
        ),
        (
            {"known": {"cooling_down_until": NOW + HOUR}},
            "It goes to their bank once the cool-down after a change of bank account ends, at 01:15.",
        ),
        (
            {"known": {"foreign_bank_payout": True}},
            "It stays there until staff resolve a difference: a bank payout from that account that we didn't start.",
        ),
    ],
)
def test_money_on_the_account_says_what_it_waits_for(said: dict[str, Any], then: str) -> None:
    assert told(PayoutStatus.IN_TRANSIT, **SENT, **said) == f"{ON_ACCOUNT} {then}"


def test_a_part_that_came_back_is_in_suspense() -> None:
    assert told(PayoutStatus.IN_TRANSIT, **SENT, amount_reversed=30_00) == (
        "$50.00 is on alice's Stripe account. "
        "Part of the transfer was taken back, so staff must decide about the rest. "
        "$30.00 of the transfer came back, released no earnings, and lies in suspense until staff place it."
    )


TO_BANK = {**SENT, "stripe_payout_id": "po_1", "bank_amount": 73_00, "bank_currency": "EUR"}


def test_a_bank_payout_says_when_it_is_expected() -> None:
    assert told(PayoutStatus.IN_TRANSIT, **TO_BANK, arrival_date=date(2027, 1, 2), next_retry_at=None) == (
        "€73.00 is on its way from alice's Stripe account to their bank. Stripe expects it on 2 Jan 2027."
    )


@pytest.mark.parametrize(
    ("columns", "then"),
    [
        ({}, ""),
        ({"trace_status": "pending"}, " Stripe tells the trace id within ten days."),
        ({"trace_id": "T1"}, " Their bank finds it by the trace id T1."),
    ],
)
def test_a_paid_payout_says_by_what_the_bank_finds_it(columns: dict[str, Any], then: str) -> None:
    assert told(PayoutStatus.PAID, **TO_BANK, paid_at=NOW, **columns) == (
        f"€73.00 was paid to alice's bank. Stripe confirmed it at 00:15.{then}"
    )


def test_money_that_stripe_pays_by_its_own_schedule_is_on_the_account(settings: Settings) -> None:
    settings.BANK_PAYOUTS_BY_STRIPE = True
    assert told(PayoutStatus.PAID, stripe_transfer_id="tr_1", paid_at=NOW) == (
        "$80.00 reached alice's Stripe account at 00:15. Stripe pays it to their bank by its own schedule."
    )


RETURNED = attempt(AttemptKind.BANK_PAYOUT, AttemptStatus.RETURNED)
REFUSED = attempt(AttemptKind.BANK_PAYOUT, AttemptStatus.REFUSED)
LOOK = "We look again at 01:15, and at least hourly, and take it back on 1 Dec."


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ({"failure_code": "account_closed"}, f"Their bank refused it (account closed). {LOOK}"),
        (
            {"failure_code": "payouts_not_allowed", "attempts": [REFUSED]},
            f"Stripe refused it (payouts not allowed). {LOOK}",
        ),
        (
            {"failure_code": "no_account", "known": {"holds": ["odd"], "returned_at": NOW}},
            f"Their bank refused it (no account). It goes to no bank while alice is on hold. {LOOK}",
        ),
        (
            {
                "failure_code": "account_gone",
                "attempts": [RETURNED, attempt(AttemptKind.REVERSAL, requested_by="dana via cli")],
            },
            "We can no longer use that account. It is being taken back to the platform's balance. "
            "Next try at 01:15.",
        ),
        (
            {
                "failure_code": "no_account",
                "attempts": [
                    RETURNED,
                    attempt(
                        AttemptKind.REVERSAL,
                        AttemptStatus.REFUSED,
                        requested_by="dana via cli",
                        error_message="Insufficient funds.",
                    ),
                ],
            },
            "Their bank refused it (no account). Stripe refused to take it back: Insufficient funds. "
            f"It goes to no bank: dana via cli asked for it back. {LOOK}",
        ),
    ],
)
def test_a_returned_payout_says_why_and_what_happens_to_it(said: dict[str, Any], then: str) -> None:
    known = {"returned_at": NOW, **said.pop("known", {})}
    said = {"attempts": [RETURNED], **SENT, "next_retry_at": NOW + HOUR, **said}
    assert told(PayoutStatus.RETURNED, known=known, **said) == (
        f"{ON_ACCOUNT} {then} Until then alice gets no other payout."
    )


@pytest.mark.parametrize(
    ("known", "then"),
    [
        ({"earnings_wait": True}, "Its earnings go into alice's next payout."),
        ({"earnings_were_claimed": True}, "Its earnings went into a later payout."),
    ],
)
def test_a_dead_payout_says_what_became_of_its_earnings(known: dict[str, Any], then: str) -> None:
    why = {"failure_code": "insufficient_capabilities_for_transfer", "next_retry_at": None}
    assert told(PayoutStatus.FAILED, known=known, **why) == (
        "Stripe refused the transfer (insufficient capabilities for transfer), "
        f"so $80.00 stayed on the platform's Stripe balance. {then}"
    )
    again = "It is decided again at 01:15, as a new payout. " if "earnings_wait" in known else ""
    assert told(PayoutStatus.FAILED, known=known, next_retry_at=NOW + HOUR) == (
        f"Stripe refused the transfer, so $80.00 stayed on the platform's Stripe balance. {again}{then}"
    )
    by = {**known, "ended_by": "dana", "ended_because": "wrong run"}
    assert told(PayoutStatus.CANCELLED, known=by) == (
        "Nothing was sent: $80.00 stayed on the platform's Stripe balance. "
        f"Cancelled by dana: wrong run. {then}"
    )
    assert told(PayoutStatus.REVERSED, known=known, amount_reversed=79_00, fx_loss=1_00) == (
        "$79.00 came back from alice's Stripe account to the platform's balance. "
        f"The platform bears $1.00 that the exchange rate took. {then}"
    )


@pytest.mark.parametrize(
    ("status", "columns", "states"),
    [
        (PayoutStatus.PENDING, {}, [DONE, UNDER_WAY, WAITS, WAITS, WAITS]),
        (PayoutStatus.ON_HOLD, {}, [DONE, STOPPED, WAITS, WAITS, WAITS]),
        (PayoutStatus.UNRESOLVED, {}, [DONE, STOPPED, WAITS, WAITS, WAITS]),
        (PayoutStatus.FAILED, {}, [DONE, STOPPED, WAITS, WAITS, WAITS]),
        (PayoutStatus.CANCELLED, {}, [DONE, STOPPED, WAITS, WAITS, WAITS]),
        (PayoutStatus.IN_TRANSIT, {"stripe_transfer_id": "tr_1"}, [DONE, DONE, UNDER_WAY, WAITS, WAITS]),
        (PayoutStatus.IN_TRANSIT, SENT, [DONE, DONE, DONE, UNDER_WAY, WAITS]),
        (PayoutStatus.IN_TRANSIT, TO_BANK, [DONE, DONE, DONE, DONE, UNDER_WAY]),
        (PayoutStatus.PAID, {**TO_BANK, "paid_at": NOW}, [DONE] * 5),
        (PayoutStatus.RETURNED, TO_BANK, [DONE, DONE, DONE, STOPPED, WAITS]),
        (PayoutStatus.REVERSED, TO_BANK, [DONE, DONE, STOPPED, WAITS, WAITS]),
    ],
)
def test_each_state_has_its_steps(
    status: PayoutStatus, columns: dict[str, Any], states: list[StepState]
) -> None:
    steps = steps_of(situation(status, attempts=[TRANSFER], **columns))
    assert [step.state for step in steps] == states


def test_the_steps_of_a_payout_bear_stripes_ids_times_and_amounts() -> None:
    bank = attempt(AttemptKind.BANK_PAYOUT, AttemptStatus.SUCCEEDED, stripe_id="po_1", ended_at=NOW)
    shown = situation(
        PayoutStatus.PAID, attempts=[TRANSFER, bank], **{**TO_BANK, "paid_at": NOW, "trace_id": "T1"}
    )
    steps = steps_of(shown)
    assert [step.stripe_id for step in steps] == ["", "tr_1", "", "po_1", ""]
    assert [str(step.amount) for step in steps] == ["$80.00", "$80.00", "€80.00", "€73.00", "€73.00"]
    assert [step.at for step in steps] == [NOW - 2 * HOUR, NOW - HOUR, None, NOW, NOW]
    assert steps[-1].note == "trace id T1"


@pytest.mark.django_db
def test_the_situation_is_read_from_the_tables(paid: Payout) -> None:
    known = situation_of(paid)
    assert (known.creator, known.run_is_made, known.holds, known.pauses) == ("alice", True, [], [])
    assert tell(known, now=paid.created_at)[0].startswith("$80.00 was paid to alice's bank.")
    assert [step.state for step in steps_of(known)] == [DONE] * 5


@pytest.mark.django_db
def test_a_payout_names_the_bank_account_that_it_went_to_whatever_else_its_account_has(paid: Payout) -> None:
    bank_payout = paid.attempts.get(kind=AttemptKind.BANK_PAYOUT)
    account = CreatorPaymentAccount.objects.get()
    assert bank_payout.external_account_id == account.external_account_id != ""
    of_euros = {"external_account_id": "ba_euros", "bank": "EURO BANK", "last4": "9999"}
    Destination.objects.create(account=account, since=bank_payout.created_at, **of_euros)
    known = situation_of(paid)
    assert (known.bank, known.last4) == (account.external_account_bank, account.external_account_last4)
    PayoutAttempt.objects.filter(pk=bank_payout.pk).update(external_account_id="")
    assert situation_of(paid).last4 == "9999"
