"""A creator's time line: payouts, holds, the account, adjustments, commission, details, notes and staff's acts."""

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest
from django.utils.html import format_html

from accounts.models import Creator, CreatorField, CreatorPaymentAccount, Destination, Hold
from console.panels.tabs import OVERVIEW
from console.timelines.acts import sources_of
from console.timelines.merging import Entry, Source, Timeline, merged, newest
from database.admin import link_to, section, show
from earnings.models import Adjustment, AdjustmentKind, AdjustmentStatus, CommissionRate
from money import Money
from payouts.models import PayoutEvent
from payouts.states import PayoutStatus

# Every payout passes through these, so they say nothing of it.
_ON_THE_WAY = (PayoutStatus.PROCESSING, PayoutStatus.IN_TRANSIT)
_OF_AN_ACCOUNT = {
    "created_at": "Stripe account was begun",
    "onboarding_completed_at": "Onboarding was completed",
    "first_active_at": "Stripe account can be paid",
    "gone_at": "Stripe account can no longer be used",
    "replaced_at": "Stripe account was replaced",
}


def _payouts(creator: Creator, before: datetime | None, limit: int) -> Iterator[Entry]:
    events = PayoutEvent.objects.filter(payout__creator=creator).exclude(to_status__in=_ON_THE_WAY)
    for event in newest(events.select_related("payout__creator"), "at", before, limit):
        state = show(PayoutStatus(event.to_status)) if event.from_status else "made"
        what = format_html("{} {}", show(event.payout), state)
        yield Entry(event.at, what, event.actor, event.reason)


def _holds(creator: Creator, before: datetime | None, limit: int) -> Iterator[Entry]:
    holds = Hold.objects.filter(creator=creator)
    for hold in newest(holds, "placed_at", before, limit):
        kind = "Cool-down began" if hold.expires_at else "Hold placed"
        yield Entry(hold.placed_at, link_to(hold, kind), hold.placed_by, hold.reason)
    for hold in newest(holds, "lifted_at", before, limit):
        kind = "Cool-down ended" if hold.expires_at else "Hold lifted"
        yield Entry(hold.lifted_at, link_to(hold, kind), hold.lifted_by, hold.lift_reason)


def _account(creator: Creator, before: datetime | None, limit: int) -> Iterator[Entry]:
    for account in CreatorPaymentAccount.objects.filter(creator=creator):  # one, or a few
        for field, what in _OF_AN_ACCOUNT.items():
            at = getattr(account, field)
            if at is not None and (before is None or at < before):
                replaced = field == "replaced_at"
                by, why = (account.replaced_by, account.replace_reason) if replaced else ("", "")
                yield Entry(at, link_to(account, what), by, why)
    destinations = Destination.objects.filter(account__creator=creator).select_related("account")
    for destination in newest(destinations, "since", before, limit):
        what = "Payouts go to this bank account or card from here on"
        yield Entry(destination.since, link_to(destination.account, what))


def _details(creator: Creator, before: datetime | None, limit: int) -> Iterator[Entry]:
    """Tell which detail changed, not to what: not all staff see addresses."""
    for change in newest(creator.changes.all(), "created_at", before, limit):
        what = f"{CreatorField(change.field).label} {'changed' if change.before else 'recorded'}"
        yield Entry(change.created_at, link_to(change, what), change.actor or change.source, change.reason)


def _adjustments(creator: Creator, before: datetime | None, limit: int) -> Iterator[Entry]:
    adjustments = Adjustment.objects.filter(creator=creator)
    for row in newest(adjustments, "proposed_at", before, limit):
        yield Entry(row.proposed_at, _named(row, "proposed"), row.proposed_by, row.reason)
    for row in newest(adjustments, "decided_at", before, limit):
        decided = AdjustmentStatus(row.status).label.lower()
        yield Entry(row.decided_at, _named(row, decided), row.decided_by, row.decide_reason)


def _named(row: Adjustment, what: str) -> object:
    amount = Money(row.amount, row.currency)
    return link_to(row, f"{AdjustmentKind(row.kind).label} of {amount} {what}")


def _commission(creator: Creator, before: datetime | None, limit: int) -> Iterator[Entry]:
    for rate in newest(CommissionRate.objects.filter(creator=creator), "created_at", before, limit):
        change = "Own commission ends" if rate.bps is None else f"Own commission {rate.bps / 100:g} %"
        what = f"{change}, from {rate.effective_from:%-d %b %Y}"
        yield Entry(rate.created_at, link_to(rate, what), rate.actor, rate.reason)


SOURCES = [
    Source("payouts", "Payouts", _payouts),
    Source("holds", "Holds", _holds),
    Source("account", "Account", _account),
    Source("adjustments", "Adjustments", _adjustments),
    Source("commission", "Commission", _commission),
    Source("details", "Details", _details),
    *sources_of("creator_id"),
]


@section(Creator, tab=OVERVIEW)
def timeline(creator: Creator, request: HttpRequest) -> Timeline:
    return merged(creator, SOURCES, request)
