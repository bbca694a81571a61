"""What stands at the top of a payout's page: where its money is, in a sentence and in five steps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

from django.http import HttpRequest
from django.utils.safestring import SafeString

from console.stripe_links import linked, transfer_address
from database import sql
from database.admin import sees_personal_data, summary
from database.display import icon_of
from money import Money, Period
from payouts.explanations import explain_failure, explain_move
from payouts.models import Payout, PayoutEvent
from payouts.states import PayoutStatus
from payouts.whereabouts import Step, situation_of, steps_of, tell


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step as the page draws it."""

    step: Step
    icon: str
    shown_id: SafeString
    details: Sequence[datetime | date | Money | str]


@dataclass(frozen=True, slots=True)
class PayoutSummary:
    template: ClassVar[str] = "console/payout.html"
    payout: Payout
    period: Period
    status: PayoutStatus
    sentences: Sequence[str]
    told: str
    said_by_stripe: str
    steps: Sequence[ShownStep]


@summary(Payout)
def summary_of(payout: Payout, request: HttpRequest) -> PayoutSummary:
    situation = situation_of(payout)
    if not sees_personal_data(request):
        situation = replace(situation, bank="", last4="")
    return PayoutSummary(
        payout=payout,
        period=Period(payout.period_start, payout.period_end),
        status=PayoutStatus(payout.status),
        sentences=tell(situation, now=sql.now()),
        told=" ".join(_told(payout)),
        said_by_stripe=payout.failure_message,
        steps=[_shown(step) for step in steps_of(situation)],
    )


def _told(payout: Payout) -> Iterator[str]:
    """Repeat what the API tells the creator now."""
    if event := PayoutEvent.objects.filter(payout=payout).order_by("-pk").first():
        yield explain_move(event.from_status, event.to_status)
    if payout.failure_code:
        yield explain_failure(payout.failure_code)


def _shown(step: Step) -> ShownStep:
    is_transfer = step.stripe_id.startswith("tr_")
    shown_id = linked(step.stripe_id, transfer_address(step.stripe_id) if is_transfer else "")
    details = [each for each in (step.at, step.amount, step.note) if each]
    return ShownStep(step, icon_of(step.state), shown_id if step.stripe_id else SafeString(""), details)
