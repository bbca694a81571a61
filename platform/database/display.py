"""How values and links are shown to staff, in lists, pages and panels alike."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import singledispatch
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.admin.utils import quote
from django.db.models import Model, TextChoices
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from money import Money, Period

Tone = Literal["success", "info", "warning", "danger"]
NOTHING = mark_safe('<span class="pc-nothing">–</span>')
_LEGIBLE_TAIL = 8
_tones: dict[type[TextChoices], dict[str, Tone]] = {}


def give_tones(states: type[TextChoices], **tones: Iterable[TextChoices]) -> None:
    """Set which states are shown as `success`, `info`, `warning` or `danger`; the others are grey."""
    _tones[states] = {state.value: tone for tone, members in tones.items() for state in members}  # type: ignore[misc]


def page_of(obj: Model) -> str:
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[quote(str(obj.pk))])


def list_of(model: type[Model], **parameters: object) -> str:
    """Return the address of a table's list; the parameters are filters, or `q` for a search."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(parameters)}" if parameters else address


@singledispatch
def name_of(obj: Model) -> str:
    """Name an object in links and on its page. Apps register better names than `str`."""
    return str(obj)


@singledispatch
def show(value: object) -> SafeString:
    return conditional_escape(str(value))


@show.register
def _(value: None) -> SafeString:
    return NOTHING


@show.register
def _(value: str) -> SafeString:
    return conditional_escape(value) if value else NOTHING


@show.register
def _(value: bool) -> SafeString:
    return SafeString("Yes" if value else "No")


@show.register
def _(value: int) -> SafeString:
    return format_html('<span class="pc-figure">{}</span>', f"{value:,}")


@show.register
def _(value: Money) -> SafeString:
    return format_html(
        '<span class="pc-figure{}">{}</span>', " pc-negative" if value.amount < 0 else "", str(value)
    )


@show.register
def _(value: datetime) -> SafeString:
    moment = value.astimezone(UTC)
    return format_html(
        '<time class="pc-time" datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(),
        moment.replace(tzinfo=None).isoformat(" ", "microseconds"),
        f"{moment.day} {moment:%b} {moment.year:04}, {moment:%H:%M}",
    )


@show.register
def _(value: date) -> SafeString:
    return format_html(
        '<time class="pc-time" datetime="{}">{}</time>',
        value.isoformat(),
        f"{value.day} {value:%b} {value.year:04}",
    )


@show.register
def _(value: UUID) -> SafeString:
    """Show an id's random end: time-ordered ids start alike."""
    return copyable(str(value), shown=f"…{str(value)[-_LEGIBLE_TAIL:]}")


@show.register
def _(value: Period) -> SafeString:
    return format_html('<span class="pc-time">{}</span>', str(value))


@show.register
def _(value: TextChoices) -> SafeString:
    tone = _tones.get(type(value), {}).get(value.value, "default")
    return SafeString(
        render_to_string(
            "unfold/helpers/label.html", {"text": value.label, "type": tone, "class": "pc-state"}
        )
    )


@show.register
def _(value: Model) -> SafeString:
    return link_to(value, name_of(value))


def link_to(obj: Model, text: object) -> SafeString:
    return anchor(page_of(obj), text)


def anchor(address: str, text: object) -> SafeString:
    return format_html('<a class="pc-link" href="{}">{}</a>', address, show(text))


def stripe_id(text: str) -> SafeString:
    """Show a Stripe id: its prefix (`tr_`) and its random end."""
    kind, separator, _ = text.partition("_")
    return copyable(text, shown=f"{kind}{separator}…{text[-_LEGIBLE_TAIL:]}")


def copyable(text: str, *, shown: str) -> SafeString:
    """Show an id with a button beside it that copies all of it."""
    if not text:
        return NOTHING
    return format_html(
        '<span class="pc-id"><code title="{}">{}</code>'
        '<span class="material-symbols-outlined" data-copy="{}" title="Copy">content_copy</span></span>',
        text,
        shown,
        text,
    )


def spoken(span: timedelta) -> str:
    """Write a duration in its largest unit."""
    seconds = int(span.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
