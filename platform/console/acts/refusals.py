"""Acts on payouts that Stripe refused alike."""

from collections import Counter
from datetime import datetime

from console.acting import ConsoleAct, Done, Given, Preview, console_act, count_of, in_words
from database.staff import Act, Right
from payouts.models import PauseCause, SendingPause
from payouts.selectors import behind_stripe
from payouts.services.deciding import refusals
from payouts.services.staff import interventions


@console_act
class ResumeAndRetry(ConsoleAct[SendingPause]):
    name = "resume-and-retry"
    model = SendingPause
    right = Right.RESUME_SENDING
    also = (Right.RETRY_PAYOUT,)
    label = "Resume and retry"
    verb = "Resume, and retry"
    icon = "replay"

    def obstacle(self, obj: SendingPause) -> str:
        if obj.cause != PauseCause.REFUSALS or obj.lifted_at:
            return "Sending isn't paused because Stripe refused many creators alike."
        behind = behind_stripe()
        return f"The database is behind Stripe: {behind.detail}" if behind else ""

    def preview(self, obj: SendingPause, given: Given) -> Preview:
        refused = [payout.net for payout in refusals.refused_alike(obj)]
        effects = [
            "resume all sending, whatever paused it",
            f"retry {count_of(len(refused), 'payout')} that Stripe refused alike, {in_words(refused)}"
            if refused
            else "retry nothing: no payout that Stripe refused alike is left",
        ]
        return Preview(effects, amounts=refused)

    def perform(self, obj: SendingPause, given: Given, *, act: Act, now: datetime) -> Done:
        retried, not_retried = interventions.resume_and_retry(act=act, now=now)
        why = "".join(
            f" {count} can't be retried: {reason}." for reason, count in Counter(not_retried.values()).items()
        )
        return Done(f"Sending resumes. {count_of(retried, 'payout')} retried.{why}")
