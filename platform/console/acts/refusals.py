"""Acts on payouts that Stripe refused alike."""

from collections import Counter
from datetime import datetime

from console.acting import ConsoleAct, Done, Given, Preview, console_act, total_of
from database.display import count_of
from database.staff import Act, Right
from payouts.errors import NothingRefusedAlike
from payouts.models import PauseCause, SendingPause
from payouts.selectors import behind_stripe
from payouts.services.deciding import refusals
from payouts.services.staff import interventions


@console_act
class RetryRefused(ConsoleAct[SendingPause]):
    name = "retry-refused"
    model = SendingPause
    right = Right.RETRY_PAYOUT
    label = "Retry what was refused"
    verb = "Retry"
    icon = "replay"

    def obstacle(self, obj: SendingPause) -> str:
        if obj.cause != PauseCause.REFUSALS:
            return "Sending wasn't paused because Stripe refused many creators alike."
        if not refusals.refused_alike(obj):
            return str(NothingRefusedAlike())
        behind = behind_stripe()
        return f"The database is behind Stripe: {behind.detail}" if behind else ""

    def preview(self, obj: SendingPause, given: Given) -> Preview:
        refused = [payout.net for payout in refusals.refused_alike(obj)]
        effects = [
            f"retry {count_of(len(refused), 'payout')} that Stripe refused alike, {total_of(refused)}",
            "send them at once" if obj.lifted_at else "send them once someone resumes sending",
        ]
        return Preview(effects, amounts=refused)

    def perform(self, obj: SendingPause, given: Given, *, act: Act, now: datetime) -> Done:
        retried, not_retried = interventions.retry_refused(obj, act=act, now=now)
        why = "".join(
            f" {count} can't be retried: {reason}." for reason, count in Counter(not_retried.values()).items()
        )
        return Done(f"{count_of(retried, 'payout')} retried.{why}")
