"""How values and links are shown to staff, in lists, pages and panels alike."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import singledispatch
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.admin.utils import quote
from django.db.models import Model, TextChoices
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from money import Money, Period

NOTHING = mark_safe('<span class="pc-nothing">–</span>')
LEGIBLE_TAIL = 8
_UNBROKEN = 32
# Before it there were no sales: a time like 1970 means that no start was set.
_FIRST_YEAR = 2000


class Tone(Enum):
    """What a state means to staff: its colour in the style sheet, and the icon beside its name."""

    WAITING = "schedule"  # grey: nothing to do yet
    MOVING = "sync"  # blue: under way, without anyone's help
    DONE = "check_circle"  # green
    ATTENTION = "front_hand"  # amber: staff or the creator have to act
    LOST = "cancel"  # red: it failed
    OVER = "do_not_disturb_on"  # grey: it ended without an effect


_tones: dict[type[TextChoices], dict[str, Tone]] = {}


def give_tones(states: type[TextChoices], tones: Mapping[Tone, Iterable[TextChoices]]) -> None:
    """Set the tones of states. Choices without a tone are kinds of things, and shown as plain labels."""
    _tones[states] = {state.value: tone for tone, members in tones.items() for state in members}


def tone_of(state: TextChoices) -> Tone | None:
    return _tones.get(type(state), {}).get(state.value)


def icon_of(state: TextChoices) -> str:
    """Return the icon of a state that has a tone."""
    return _tones[type(state)][state.value].value


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
    return format_html('<span class="pc-figure">{}</span>', str(value))


@show.register
def _(value: datetime) -> SafeString:
    return _moment(value, "%H:%M")


@show.register
def _(value: date) -> SafeString:
    return format_html('<time class="pc-time" datetime="{}">{}</time>', value.isoformat(), _day(value))


def to_the_second(moment: datetime) -> SafeString:
    """Show a moment of a history, in which seconds tell what came first."""
    return _moment(moment, "%H:%M:%S")


def _moment(value: datetime, clock: str) -> SafeString:
    moment = value.astimezone(UTC)
    if moment.year < _FIRST_YEAR:
        return SafeString("from the beginning")
    return _time(moment, f"{_day(moment)}, {moment.strftime(clock)}")


def ago(moment: datetime, *, now: datetime) -> SafeString:
    """Show how long ago something was."""
    return _time(moment.astimezone(UTC), spoken(now - moment))


def _time(moment: datetime, text: str) -> SafeString:
    """Show a moment as this text, with the exact time behind it."""
    return format_html(
        '<time class="pc-time" datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(),
        moment.replace(tzinfo=None).isoformat(" ", "microseconds"),
        text,
    )


def _day(day: date) -> str:
    """Write a day without its year if that is this year."""
    year = "" if day.year == timezone.now().year else f" {day.year:04}"
    return f"{day.day} {day:%b}{year}"


def in_words(period: Period, *, month: str = "%b") -> str:
    """Name the months of a period: `Oct 2026`, `Aug – Oct 2026`. One without whole months is named by its days.

    `month` is how a single month is written; `%B` writes it in full.
    """
    first, last = period.start, period.end - timedelta(days=1)
    if first.day != 1 or period.end.day != 1:
        return f"{first.day} {_month(first)} – {last.day} {_month(last)}"
    if (first.year, first.month) == (last.year, last.month):
        return _month(first, month)
    begin = f"{first:%b}" if first.year == last.year else _month(first)
    return f"{begin} – {_month(last)}"


def _month(day: date, month: str = "%b") -> str:
    return f"{day.strftime(month)} {day.year:04}"


@show.register
def _(value: UUID) -> SafeString:
    """Show an id's random end: time-ordered ids start alike."""
    return copyable(str(value), shown=f"…{str(value)[-LEGIBLE_TAIL:]}")


@show.register
def _(value: Period) -> SafeString:
    return format_html('<span class="pc-time">{}</span>', in_words(value, month="%B"))


@show.register
def _(value: TextChoices) -> SafeString:
    tone = tone_of(value)
    if tone is None:
        return conditional_escape(value.label)
    return format_html(
        '<span class="pc-state" data-tone="{}"><span class="material-symbols-outlined" aria-hidden="true">{}</span>'
        "{}</span>",
        tone.name.lower(),
        tone.value,
        value.label,
    )


@show.register
def _(value: Model) -> SafeString:
    return link_to(value, name_of(value))


def link_to(obj: Model, text: object) -> SafeString:
    return anchor(page_of(obj), text)


def anchor(address: str, text: object) -> SafeString:
    """Link to an address. A short id doesn't break at its hyphen; a long one breaks anywhere."""
    shown = show(text)
    breaks = "" if " " in shown else " pc-unbroken" if len(shown) <= _UNBROKEN else " pc-breaking"
    return format_html('<a class="pc-link{}" href="{}">{}</a>', breaks, address, shown)


def stripe_id(text: str) -> SafeString:
    """Show a Stripe id: its prefix (`tr_`) and its random end."""
    kind, separator, _ = text.partition("_")
    return copyable(text, shown=f"{kind}{separator}…{text[-LEGIBLE_TAIL:]}")


def copyable(text: str, *, shown: str) -> SafeString:
    """Show an id with a button beside it that copies all of it."""
    if not text:
        return NOTHING
    return format_html(
        '<span class="pc-id"><code title="{0}">{1}</code>'
        '<button type="button" class="material-symbols-outlined" data-copy="{0}" aria-label="Copy {0}" title="Copy">'
        "content_copy</button></span>",
        text,
        shown,
    )


def count_of(count: int, one: str, many: str = "") -> str:
    """Write `1 payout`, `2 payouts`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def spoken(span: timedelta) -> str:
    """Write a duration in its largest unit."""
    seconds = int(span.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
