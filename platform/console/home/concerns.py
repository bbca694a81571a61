"""What the home page says of one thing that needs people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Model
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from database.display import anchor
from money import Money

# What is urgent, what needs someone, and what is only told.
Tone = Literal["lost", "attention", "waiting"]
_ICONS: dict[Tone, str] = {"lost": "error", "attention": "front_hand", "waiting": "info"}


@dataclass(frozen=True, slots=True)
class Concern:
    """A sentence, and where to act; `since` is when it began.

    If it counts rows, `address` lists them: as many as `count`, and with `amount` as their sum. If it is about one
    object, what can be done to that is offered beside it.
    """

    tone: Tone
    sentence: SafeString
    since: datetime | None = None
    address: str = ""
    count: int | None = None
    amount: Money | None = None
    subject: Model | None = None

    @property
    def icon(self) -> str:
        return _ICONS[self.tone]


def listed(parts: Iterable[SafeString | str]) -> SafeString:
    return format_html_join(", ", "{}", ((part,) for part in parts))


def linked(address: str, text: str, *rest: object) -> SafeString:
    """Make a sentence that begins with a link; the rest follows as it is."""
    return format_html("{}{}", anchor(address, text), format_html_join("", "{}", ((part,) for part in rest)))


def words(code: str) -> str:
    """Write a code of Stripe's or ours as words."""
    return code.replace("_", " ") or "no reason told"
