"""A payout's time line: its moves, attempts at Stripe with their request ids, webhooks, notes and staff's acts."""

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.panels.tabs import OVERVIEW
from console.timelines.acts import sources_of
from console.timelines.merging import Entry, Source, Timeline, merged, newest
from database.admin import link_to, section, show
from database.display import copyable, stripe_id
from money import Money
from payouts.models import Payout, PayoutAttempt
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.models import InboxEvent, InboxOutcome


def _moves(payout: Payout, before: datetime | None, limit: int) -> Iterator[Entry]:
    for event in newest(payout.events.all(), "at", before, limit):
        seen = show(PayoutStatus(event.from_status)) if event.from_status else "Made"
        what = format_html("{} → {}", seen, show(PayoutStatus(event.to_status)))
        yield Entry(event.at, what, event.actor, event.reason)


def _attempts(payout: Payout, before: datetime | None, limit: int) -> Iterator[Entry]:
    for attempt in newest(payout.attempts.all(), "created_at", before, limit):
        amount = Money(attempt.amount, attempt.currency)
        what = format_html("{} of {} to {}", _named(attempt), amount, stripe_id(attempt.destination))
        yield Entry(attempt.created_at, what, attempt.requested_by, attempt.request_reason)
    for attempt in newest(payout.attempts.all(), "ended_at", before, limit):
        what = format_html(
            "{} {} {}", _named(attempt), show(AttemptStatus(attempt.status)), _at_stripe(attempt)
        )
        yield Entry(attempt.ended_at, what, why=attempt.error_message or attempt.error_code)
    for attempt in newest(payout.attempts.filter(ended_at=None), "last_sent_at", before, limit):
        what = format_html("{} sent {} × {}", _named(attempt), attempt.sends, _at_stripe(attempt))
        yield Entry(attempt.last_sent_at, what, why=attempt.error_message or attempt.error_code)


def _named(attempt: PayoutAttempt) -> SafeString:
    return link_to(attempt, AttemptKind(attempt.kind).label)


def _at_stripe(attempt: PayoutAttempt) -> SafeString:
    """Show what Stripe calls the movement and the request, as its support asks for both."""
    request = copyable(attempt.request_id, shown=attempt.request_id) if attempt.request_id else ""
    made = stripe_id(attempt.stripe_id) if attempt.stripe_id else ""
    return format_html("{} {}", made, request)


def _webhooks(payout: Payout, before: datetime | None, limit: int) -> Iterator[Entry]:
    """Tell the events that Stripe sent about the payout's transfer, bank payouts and reversals."""
    objects = payout.attempts.exclude(stripe_id="").values_list("stripe_id", flat=True)
    events = InboxEvent.objects.filter(object_id__in=list(objects)).exclude(object_id="")
    for event in newest(events, "received_at", before, limit):
        outcome = show(InboxOutcome(event.outcome)) if event.outcome else "not handled yet"
        what = format_html("{} {}", link_to(event, event.type), outcome)
        yield Entry(event.received_at, what, why=event.error.partition("\n")[0] or event.note)


SOURCES = [
    Source("moves", "States", _moves),
    Source("attempts", "Stripe", _attempts),
    Source("webhooks", "Webhooks", _webhooks),
    *sources_of("payout_id"),
]


@section(Payout, tab=OVERVIEW)
def timeline(payout: Payout, request: HttpRequest) -> Timeline:
    return merged(payout, SOURCES, request)
