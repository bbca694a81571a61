"""What can be found, and by what. Each finder is one look-up by index, for terms of one shape.

Amounts are not searched: thousands of payouts have the same.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest

from accounts import selectors as accounts
from accounts.models import Creator, CreatorPaymentAccount, Hold
from console.audit import LOG_INS
from console.search.hits import Hit, hit_of, pages_called
from database.admin import sees_personal_data
from database.models import RecordedAct
from earnings import selectors as earnings
from earnings.models import Adjustment, Api, CreatorEarning
from ledger import selectors as ledger
from money import Period, month_of, parse_month
from payouts import selectors as payouts
from payouts.models import (
    Difference,
    Payout,
    PayoutAttempt,
    PayoutLineItem,
    PayoutRun,
    SuspensePlacement,
)
from stripe_io import selectors as inbox

LONGEST_TERM = 255
SHOWN_OF_EACH = 8
_MONTH_FORMATS = ("%B %Y", "%b %Y")
# The tables whose rows have ids of ours; no two rows have the same.
_WITH_UUIDS: tuple[type[Model], ...] = (
    Payout,
    Creator,
    PayoutAttempt,
    CreatorEarning,
    PayoutLineItem,
    Difference,
    Adjustment,
    Hold,
    CreatorPaymentAccount,
    Api,
    PayoutRun,
    SuspensePlacement,
)


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks up terms of a shape, which are matched whole; what is `personal` only for who sees personal data."""

    shape: re.Pattern[str]
    find: Callable[[str], Iterable[Model]]
    personal: bool = False


def _stripe(*prefixes: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(prefixes)})_\w+", re.ASCII)


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MONTH = re.compile(r"\d{4}-\d{2}|[A-Za-z]+ \d{4}", re.ASCII)
_WORD = re.compile(r"[^\s@]+")
_KEY = re.compile(r"[a-z_]+:\S+")
_ANY = re.compile(r".+")


def _with_uuid(text: str) -> Iterator[Model]:
    with suppress(ValueError):
        key = UUID(text)
        for model in _WITH_UUIDS:
            yield from model._base_manager.filter(pk=key)


def _runs(text: str) -> Iterable[Model]:
    month = _month(text)
    return payouts.runs_of(month) if month else ()


def _acts_of_request(request_id: str) -> Iterable[Model]:
    """Select what one request to this service did; its answer and the log have its id."""
    return RecordedAct.objects.filter(request_id=request_id).exclude(request_id="").exclude(kind__in=LOG_INS)


FINDERS = (
    Finder(_stripe("tr", "trr", "po"), payouts.payouts_by_stripe_id),
    Finder(_stripe("tr"), payouts.unplaced_transfers_with_id),
    Finder(_stripe("py"), payouts.payouts_by_payment),
    Finder(_stripe("req"), payouts.attempts_by_request),
    Finder(_stripe("acct"), accounts.creators_by_account),
    Finder(_stripe("ba", "card"), accounts.creators_by_bank_account, personal=True),
    Finder(_stripe("evt"), inbox.events_with_id),
    Finder(_stripe("evt"), inbox.bodies_of_event),
    Finder(_stripe(r"[a-z]+"), payouts.differences_about),
    Finder(_EMAIL, accounts.creators_by_email, personal=True),
    Finder(_MONTH, _runs),
    Finder(_WORD, _with_uuid),
    Finder(_WORD, payouts.payouts_by_reference),
    Finder(_WORD, accounts.creators_beginning),
    Finder(_WORD, earnings.apis_beginning),
    Finder(_WORD, earnings.records_with_id),
    Finder(_WORD, earnings.quarantined_with_id),
    Finder(_WORD, payouts.payouts_by_trace_id),
    Finder(_WORD, _acts_of_request),
    Finder(_KEY, payouts.attempts_with_key),
    Finder(_KEY, ledger.transactions_with_key),
    Finder(_ANY, ledger.platform_accounts_called),
)


def find(term: str, *, request: HttpRequest) -> list[Hit]:
    """Find what has this name, for the person who asks: pages of the console first, then rows, the best match first.

    Ids are case-sensitive and matched whole, except for creators' and APIs', of which the beginning is enough.
    """
    term = term.strip()
    if not term.isprintable() or not 0 < len(term) <= LONGEST_TERM:
        return []
    sees_personal = sees_personal_data(request)
    hits = dict.fromkeys(pages_called(term, request=request))
    for finder in FINDERS:
        if finder.shape.fullmatch(term) and (sees_personal or not finder.personal):
            found = islice(finder.find(term), SHOWN_OF_EACH)
            hits |= dict.fromkeys(hit for row in found if (hit := hit_of(row, request=request)))
    return list(hits)


def _month(text: str) -> Period | None:
    with suppress(ValueError):
        return parse_month(text)
    for pattern in _MONTH_FORMATS:
        with suppress(ValueError):
            return month_of(datetime.strptime(text, pattern).date())  # noqa: DTZ007 (a month has no time zone)
    return None
