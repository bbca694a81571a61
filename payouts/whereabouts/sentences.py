"""Where a payout's money is, why, and what happens next: one sentence each, in that order.

What creators are told about the same states is in `payouts.explanations`.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

from django.conf import settings

from database.staff import SYSTEM
from money import Money
from payouts import policy
from payouts.models import Payout
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from payouts.whereabouts.situation import Situation

Sentences = Iterator[str]


def tell(situation: Situation, *, now: datetime) -> list[str]:
    """Say where the money is, what it waits for, and what happens next; times are UTC."""
    status = PayoutStatus(situation.payout.status)
    return [*_SENTENCES[status](situation, now), *_in_suspense(situation)]


def _pending(situation: Situation, now: datetime) -> Sentences:
    payout, next_at = situation.payout, situation.payout.next_retry_at
    yield f"{payout.net} is on the platform's Stripe balance, reserved for {situation.creator}, and waits to be sent."
    if not situation.run_is_made:
        yield "Its run is still being made."
    for detail in situation.pauses:
        yield f"Sending is paused: {_clause(detail)}."
    if situation.another_is_unresolved:
        yield f"Nothing is sent to {situation.creator} while another payout of theirs is unresolved."
    if payout.failure_code == "account_not_payable":
        yield _sentence(payout.failure_message)
    elif payout.failure_code:
        yield f"The last try failed: {_clause(payout.failure_message or payout.failure_code)}."
    if next_at is not None and not situation.pauses and situation.run_is_made:
        yield "It is sent within a minute." if next_at <= now else f"We try at {_at(next_at, now)}."


def _on_hold(situation: Situation, now: datetime) -> Sentences:
    payout, until = situation.payout, situation.cooling_down_until
    yield f"{payout.net} is on the platform's Stripe balance, reserved for {situation.creator}, who is on hold."
    for reason in situation.holds:
        yield _sentence(reason)
    if until is not None:
        yield f"The cool-down ends at {_at(until, now)}."
    yield "It is sent once nothing holds them."


def _processing(situation: Situation, now: datetime) -> Sentences:
    net, attempt = situation.payout.net, situation.last(AttemptKind.TRANSFER)
    if attempt is None or not attempt.in_doubt:
        yield f"{net} is being sent to {situation.creator}'s Stripe account."
    else:
        sent = _at(attempt.last_sent_at or attempt.created_at, now)
        yield f"{net} was sent to {situation.creator}'s Stripe account at {sent}, and Stripe hasn't confirmed it."
        yield "It can't be sent twice: we only repeat the same request, or look it up."
    if attempt is not None and attempt.error_message:
        yield f"Stripe's last answer: {_clause(attempt.error_message)}."
    yield from _next_try(situation, now)


def _unresolved(situation: Situation, now: datetime) -> Sentences:
    attempt = situation.last(AttemptKind.TRANSFER)
    yield f"Nobody knows yet whether Stripe sent {situation.payout.net} to {situation.creator}'s Stripe account."
    if attempt is not None and attempt.error_message:
        yield f"Stripe's last answer: {_clause(attempt.error_message)}."
    yield "We look it up, and never send it again before Stripe shows that it isn't there."
    yield from _next_try(situation, now)
    yield f"Until then {situation.creator} gets no other payout."


def _in_transit(situation: Situation, now: datetime) -> Sentences:
    payout, creator = situation.payout, situation.creator
    if payout.stripe_payout_id:
        expected = f" Stripe expects it on {_day(payout.arrival_date, now)}." if payout.arrival_date else ""
        yield f"{situation.to_bank} is on its way from {creator}'s Stripe account to their bank.{expected}"
        return
    attempt = situation.open_attempt
    yield f"{situation.arrived} is on {creator}'s Stripe account."
    if attempt is not None and attempt.in_doubt:
        yield "We asked Stripe to pay it to their bank, and Stripe hasn't confirmed that."
    elif attempt is not None:
        yield "It is being paid to their bank."
    elif situation.foreign_bank_payout:
        yield "It stays there until staff resolve a difference: a bank payout from that account that we didn't start."
    elif payout.amount_reversed:
        yield "Part of the transfer was taken back, so staff must decide about the rest."
    elif situation.cooling_down_until is not None:
        until = _at(situation.cooling_down_until, now)
        yield f"It goes to their bank once the cool-down after a change of bank account ends, at {until}."
    elif payout.arrival_amount is None:
        yield "Stripe hasn't said yet when it can go to their bank."
    else:
        yield "Stripe makes it available for their bank later."
    yield from _next_try(situation, now)


def _paid(situation: Situation, now: datetime) -> Sentences:
    payout, creator = situation.payout, situation.creator
    arrived = _at(payout.paid_at, now) if payout.paid_at else ""
    if not payout.stripe_payout_id and settings.BANK_PAYOUTS_BY_STRIPE:
        yield f"{situation.arrived} reached {creator}'s Stripe account at {arrived}."
        yield "Stripe pays it to their bank by its own schedule."
        return
    yield f"{situation.to_bank} was paid to {creator}'s bank. Stripe confirmed it at {arrived}."
    if payout.trace_id:
        yield f"Their bank finds it by the trace id {payout.trace_id}."
    elif payout.trace_status == "pending":
        yield "Stripe tells the trace id within ten days."


def _returned(situation: Situation, now: datetime) -> Sentences:
    payout, creator = situation.payout, situation.creator
    yield f"{situation.arrived} is on {creator}'s Stripe account."
    yield _why_returned(situation)
    reversal = situation.last(AttemptKind.REVERSAL)
    if payout.amount_placed:
        yield "Staff decide about the rest, as they did about what came back."
    elif reversal is not None and reversal.status == AttemptStatus.OPEN:
        yield "It is being taken back to the platform's balance."
        yield from _next_try(situation, now)
    else:
        if reversal is not None and not reversal.withdrawn_at and reversal.status == AttemptStatus.REFUSED:
            yield f"Stripe refused to take it back: {_clause(reversal.error_message)}."
        if situation.holds:
            yield f"It goes to no bank while {creator} is on hold."
        yield from _what_happens_to_returned(situation, now)
    yield f"Until then {creator} gets no other payout."


def _why_returned(situation: Situation) -> str:
    payout, sent = situation.payout, situation.last(AttemptKind.BANK_PAYOUT)
    match payout.failure_code:
        case "account_gone":
            return "We can no longer use that account."
        case "amount_too_small":
            return "The amount is too small for a payout to their bank."
        case "reversed":
            return "The payment to their bank was reversed."
        case "balance_insufficient":
            return "Stripe says that the account's balance is too low to pay it to their bank."
    by = "Their bank" if sent is not None and sent.status == AttemptStatus.RETURNED else "Stripe"
    return f"{by} refused it{_because(payout)}."


def _because(payout: Payout) -> str:
    """Return the reason of a refusal in brackets, if one was given."""
    return f" ({payout.failure_code.replace('_', ' ')})" if payout.failure_code else ""


def _what_happens_to_returned(situation: Situation, now: datetime) -> Sentences:
    reversal, next_at = situation.last(AttemptKind.REVERSAL), situation.payout.next_retry_at
    wanted_by = "" if reversal is None or reversal.withdrawn_at else reversal.requested_by
    if wanted_by not in ("", SYSTEM):
        yield f"It goes to no bank: {wanted_by} asked for it back."
    look = f"We look again at {_at(next_at, now)}, and at least hourly" if next_at else ""
    back = ""
    if situation.returned_at is not None:
        back_at = situation.returned_at + policy.REVERSE_RETURNED_AFTER
        back = f"take it back on {_day(back_at.date(), now)}" if back_at > now else "take it back"
    if look and back:
        yield f"{look}, and {back}."
    elif look:
        yield f"{look}."


def _failed(situation: Situation, now: datetime) -> Sentences:
    payout, why = situation.payout, _because(situation.payout)
    yield f"Stripe refused the transfer{why}, so {payout.net} stayed on the platform's Stripe balance."
    if payout.next_retry_at is not None and situation.earnings_wait:
        yield f"It is decided again at {_at(payout.next_retry_at, now)}, as a new payout."
    yield from _earnings(situation)


def _cancelled(situation: Situation, now: datetime) -> Sentences:
    yield f"Nothing was sent: {situation.payout.net} stayed on the platform's Stripe balance."
    yield f"Cancelled by {situation.ended_by}: {_clause(situation.ended_because)}."
    yield from _earnings(situation)


def _reversed(situation: Situation, now: datetime) -> Sentences:
    payout = situation.payout
    back = Money(payout.amount_reversed, payout.currency)
    yield f"{back} came back from {situation.creator}'s Stripe account to the platform's balance."
    if payout.fx_loss:
        lost = Money(payout.fx_loss, payout.currency)
        yield f"The platform bears {lost} that the exchange rate took."
    yield from _earnings(situation)


def _earnings(situation: Situation) -> Sentences:
    """Say what became of a dead payout's earnings."""
    creator, waits, claimed = situation.creator, situation.earnings_wait, situation.earnings_were_claimed
    if waits and claimed:
        yield f"Some of its earnings went into a later payout; the others wait for {creator}'s next one."
    elif waits:
        yield f"Its earnings go into {creator}'s next payout."
    elif claimed:
        yield "Its earnings went into a later payout."


def _in_suspense(situation: Situation) -> Sentences:
    if situation.payout.status != PayoutStatus.REVERSED and situation.payout.in_suspense.amount:
        yield (
            f"{situation.payout.in_suspense} of the transfer came back, released no earnings, and lies in suspense "
            "until staff place it."
        )


def _next_try(situation: Situation, now: datetime) -> Sentences:
    next_at = situation.payout.next_retry_at
    if next_at is not None and next_at > now:
        yield f"Next try at {_at(next_at, now)}."


_SENTENCES: dict[PayoutStatus, Callable[[Situation, datetime], Sentences]] = {
    PayoutStatus.PENDING: _pending,
    PayoutStatus.ON_HOLD: _on_hold,
    PayoutStatus.PROCESSING: _processing,
    PayoutStatus.UNRESOLVED: _unresolved,
    PayoutStatus.IN_TRANSIT: _in_transit,
    PayoutStatus.PAID: _paid,
    PayoutStatus.RETURNED: _returned,
    PayoutStatus.FAILED: _failed,
    PayoutStatus.CANCELLED: _cancelled,
    PayoutStatus.REVERSED: _reversed,
}


def _at(moment: datetime, now: datetime) -> str:
    """Write a time as short as it is clear: the day unless it is today, the year unless it is this one."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    time = f"{moment:%H:%M}"
    return time if moment.date() == now.date() else f"{time} on {_day(moment.date(), now)}"


def _day(day: date, now: datetime) -> str:
    return f"{day.day} {day:%b}" if day.year == now.year else f"{day.day} {day:%b} {day.year:04}"


def _clause(text: str) -> str:
    """Return somebody's sentence as a part of ours."""
    return text.strip().rstrip(".") or "no reason given"


def _sentence(text: str) -> str:
    clause = _clause(text)
    return f"{clause[:1].upper()}{clause[1:]}."
