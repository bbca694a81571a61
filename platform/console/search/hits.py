"""What a search shows of each row that it found."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts.models import Creator
from console import navigation
from database.admin import name_of, page_of
from earnings.models import Api, BillingRecord, QuarantinedRecord
from money import Money
from payouts.models import Difference, Payout, PayoutAttempt, PayoutRun
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.models import InboxEvent

_ICONS: dict[type[Model], str] = {
    Creator: "person",
    Payout: "payments",
    PayoutAttempt: "send",
    PayoutRun: "event_repeat",
    Difference: "difference",
    Api: "api",
    BillingRecord: "receipt_long",
    QuarantinedRecord: "report",
    InboxEvent: "inbox",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the results: what it is, its name, what else tells it from others, and where it leads."""

    kind: str
    name: str
    note: str
    address: str
    icon: str


def hit_of(row: Model, *, request: HttpRequest) -> Hit | None:
    """Describe a row; None if this person may not see it."""
    if not admin.site.get_model_admin(type(row)).has_view_permission(request, row):
        return None
    kind = str(row._meta.verbose_name)
    return Hit(
        kind=kind if kind.isupper() else kind.capitalize(),
        name=name_of(row),
        note=_note(row),
        address=page_of(row),
        icon=_ICONS.get(type(row), "tag"),
    )


def pages_called(term: str, *, request: HttpRequest) -> Iterator[Hit]:
    """Yield the pages of the sidebar whose name begins with the term."""
    for group in navigation.pages(request):
        for item in group["items"]:
            if item["title"].lower().startswith(term.lower()):
                yield Hit("Page", item["title"], group.get("title", ""), item["link"], item["icon"])


@singledispatch
def _note(row: Model) -> str:
    return ""


@_note.register
def _(payout: Payout) -> str:
    return PayoutStatus(payout.status).label


@_note.register
def _(attempt: PayoutAttempt) -> str:
    status = AttemptStatus(attempt.status).label.lower()
    return f"{AttemptKind(attempt.kind).label} of {name_of(attempt.payout)}, {status}"


@_note.register
def _(difference: Difference) -> str:
    return "Resolved" if difference.resolved_at else "Open"


@_note.register
def _(record: BillingRecord) -> str:
    return f"{record.get_kind_display()} of {Money(record.amount, record.currency)}"


@_note.register
def _(record: QuarantinedRecord) -> str:
    return "Resolved" if record.resolved_at else record.get_reason_display()


@_note.register
def _(api: Api) -> str:
    return api.external_id


@_note.register
def _(event: InboxEvent) -> str:
    return f"{event.pk}, received {event.received_at:%-d %b %Y, %H:%M}"
