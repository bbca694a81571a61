"""The five steps of a payout: made, sent, on the Stripe account, to the bank, arrived."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import models

from money import Money
from payouts.models import PayoutAttempt
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from payouts.whereabouts.situation import Situation

_LEFT_THE_BALANCE = (
    PayoutStatus.IN_TRANSIT,
    PayoutStatus.PAID,
    PayoutStatus.RETURNED,
    PayoutStatus.REVERSED,
)


class StepState(models.TextChoices):
    DONE = "done", "Done"
    NOW = "now", "Under way"
    WAITS = "waits", "To come"
    STOPPED = "stopped", "Stopped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: when it was taken (a day where Stripe tells no more), how much it moved, and Stripe's id for it."""

    title: str
    state: StepState
    at: datetime | date | None = None
    amount: Money | None = None
    stripe_id: str = ""
    note: str = ""


def steps_of(situation: Situation) -> list[Step]:
    """Return the five steps of a payout, in order."""
    return list(_steps(situation))


def _steps(situation: Situation) -> Iterator[Step]:
    payout, status = situation.payout, PayoutStatus(situation.payout.status)
    yield Step("Made", StepState.DONE, payout.created_at, payout.net)
    yield _sent(situation, status)
    yield _on_account(situation, status)
    yield _to_bank(situation, status)
    yield _arrived(situation, status)


def _sent(situation: Situation, status: PayoutStatus) -> Step:
    payout, transfer = situation.payout, situation.transfer
    if status in _LEFT_THE_BALANCE:
        at = transfer.ended_at if transfer else None
        return Step("Sent", StepState.DONE, at, payout.net, payout.stripe_transfer_id)
    if status in (PayoutStatus.FAILED, PayoutStatus.CANCELLED):
        refused = status == PayoutStatus.FAILED
        return Step("Sent", StepState.STOPPED, note="refused by Stripe" if refused else "cancelled")
    if status == PayoutStatus.ON_HOLD:
        return Step("Sent", StepState.STOPPED, note="on hold")
    if status == PayoutStatus.UNRESOLVED:
        return Step("Sent", StepState.STOPPED, note="not known yet")
    return Step("Sent", StepState.NOW)


def _on_account(situation: Situation, status: PayoutStatus) -> Step:
    title, payout = "On Stripe account", situation.payout
    if status not in _LEFT_THE_BALANCE:
        return Step(title, StepState.WAITS)
    if status == PayoutStatus.REVERSED:
        return Step(title, StepState.STOPPED, note="taken back")
    if payout.arrival_amount is None:
        known = status != PayoutStatus.IN_TRANSIT or bool(payout.stripe_payout_id)
        return Step(title, StepState.DONE if known else StepState.NOW)
    return Step(title, StepState.DONE, amount=Money(payout.arrival_amount, payout.bank_currency))


def _to_bank(situation: Situation, status: PayoutStatus) -> Step:
    title, payout = "To the bank", situation.payout
    if status == PayoutStatus.RETURNED:
        went_to = _bank(situation)
        note = f"returned from {went_to}" if went_to and payout.stripe_payout_id else "returned"
        return Step(title, StepState.STOPPED, stripe_id=payout.stripe_payout_id, note=note)
    if status not in (PayoutStatus.IN_TRANSIT, PayoutStatus.PAID):
        return Step(title, StepState.WAITS)
    if not payout.stripe_payout_id:
        by_stripe = status == PayoutStatus.PAID and settings.BANK_PAYOUTS_BY_STRIPE
        waits = payout.arrival_amount is None
        state = StepState.DONE if by_stripe else StepState.WAITS if waits else StepState.NOW
        return Step(title, state, note="by Stripe's own schedule" if by_stripe else "")
    sent = _bank_payout(situation)
    at = sent.ended_at if sent else None
    return Step(title, StepState.DONE, at, situation.to_bank, payout.stripe_payout_id, _bank(situation))


def _arrived(situation: Situation, status: PayoutStatus) -> Step:
    title, payout = "Arrived", situation.payout
    if status == PayoutStatus.PAID:
        return Step(title, StepState.DONE, payout.paid_at, situation.to_bank, note=_trace(situation))
    if status == PayoutStatus.IN_TRANSIT and payout.stripe_payout_id:
        return Step(title, StepState.NOW, payout.arrival_date, note="expected" if payout.arrival_date else "")
    return Step(title, StepState.WAITS)


def _bank_payout(situation: Situation) -> PayoutAttempt | None:
    sent = situation.last(AttemptKind.BANK_PAYOUT)
    return sent if sent is not None and sent.status == AttemptStatus.SUCCEEDED else None


def _trace(situation: Situation) -> str:
    payout = situation.payout
    return f"trace id {payout.trace_id}" if payout.trace_id else ""


def _bank(situation: Situation) -> str:
    return f"{situation.bank} •••• {situation.last4}".strip() if situation.last4 else ""
