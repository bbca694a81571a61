"""What an act will do, worked out before anyone confirms it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Model

from money import Money


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act will do to one object.

    `effects` are sentences that follow "This will". `amounts` are those of the things that the act changes, such as
    the payouts that a hold stops: the button names their count and sum. `told` is what the creator will be told.
    `as_of_now` is a sentence about what changes by itself, such as a queue; it is no part of what is confirmed.
    """

    effects: Sequence[str]
    amounts: Sequence[Money] = ()
    told: str = ""
    as_of_now: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """What an act did: a sentence, and the object that it links to, if not the one acted on."""

    message: str
    made: Model | None = None


def sums(amounts: Iterable[Money]) -> list[Money]:
    """Add amounts up, by currency."""
    total: dict[str, int] = defaultdict(int)
    for amount in amounts:
        total[amount.currency] += amount.amount
    return [Money(amount, currency) for currency, amount in sorted(total.items())]


def total_of(amounts: Iterable[Money]) -> str:
    """Write sums as `$5.00 and €3.00`."""
    return " and ".join(map(str, sums(amounts)))
