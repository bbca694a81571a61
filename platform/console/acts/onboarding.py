"""Acts on what Stripe refuses to open."""

from datetime import datetime

from accounts.models import OpeningRefusal
from accounts.services import retrying
from console.acting import ConsoleAct, Done, Given, Preview, console_act
from database.staff import Act, Right


@console_act
class AskAgain(ConsoleAct[OpeningRefusal]):
    name = "ask-again"
    model = OpeningRefusal
    right = Right.SYNC
    label = "Ask Stripe again"
    verb = "Ask Stripe again about"
    icon = "replay"

    def obstacle(self, obj: OpeningRefusal) -> str:
        if obj.mended_at:
            return "Stripe has accepted it since."
        if not obj.is_for_staff:
            return "Only the creator can change what Stripe refuses here."
        return "The creator has another account by now." if obj.payment_account.replaced_at else ""

    def preview(self, obj: OpeningRefusal, given: Given) -> Preview:
        return Preview(
            [
                f"ask Stripe to open the account of {obj.payment_account.creator.external_id} now",
                "let others onboard again if Stripe accepts, or else wait another hour",
            ]
        )

    def perform(self, obj: OpeningRefusal, given: Given, *, act: Act, now: datetime) -> Done:
        retrying.ask_again(obj.pk, act=act, now=now)
        return Done("Stripe accepts it now.")
