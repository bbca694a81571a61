"""Acts on Stripe's events: replay them, and read again what was set aside."""

from datetime import datetime

from console.acting import ConsoleAct, Done, Given, Preview, console_act
from database import sql
from database.display import count_of
from database.staff import Act, Right
from stripe_io import receiving, services
from stripe_io.models import InboxEvent, KeptBody


@console_act
class ReplayEvent(ConsoleAct[InboxEvent]):
    name = "replay-event"
    model = InboxEvent
    right = Right.REPLAY_EVENTS
    label = "Replay"
    verb = "Replay"
    icon = "replay"
    in_lists = True

    def preview(self, obj: InboxEvent, given: Given) -> Preview:
        so_far = obj.get_outcome_display().lower() or f"waiting, tried {count_of(obj.tries, 'time')}"
        return Preview(
            [f"handle the event {obj.type} again ({so_far})", "do nothing twice that it did before"]
        )

    def perform(self, obj: InboxEvent, given: Given, *, act: Act, now: datetime) -> Done:
        services.ask_for_replay(event_id=obj.pk, act=act, now=now)
        services.handle_event(event_id=obj.pk, now=sql.now())
        obj.refresh_from_db()
        if obj.error:
            return Done(
                f"The event couldn't be handled, and is tried again later: {obj.error.splitlines()[0]}"
            )
        return Done(f"The event is {obj.get_outcome_display().lower() or 'waiting'}.")


@console_act
class ReadBodyAgain(ConsoleAct[KeptBody]):
    name = "read-body-again"
    model = KeptBody
    right = Right.REPLAY_EVENTS
    label = "Read again"
    verb = "Read again"
    icon = "replay"
    in_lists = True

    def obstacle(self, obj: KeptBody) -> str:
        return "Its event is in the inbox." if obj.event_id else ""

    def preview(self, obj: KeptBody, given: Given) -> Preview:
        return Preview(
            [
                "read the body with the rules of this version",
                "put its event into the inbox, and handle it, if it can be read",
                f"otherwise leave it set aside ({obj.get_reason_display()} so far)",
            ]
        )

    def perform(self, obj: KeptBody, given: Given, *, act: Act, now: datetime) -> Done:
        stored = receiving.read_again(obj, act=act, now=now)
        if stored is None:
            obj.refresh_from_db()
            return Done(f"It still can't be read: {obj.get_reason_display()}.")
        services.handle_event(event_id=stored, now=sql.now())
        return Done(f"{stored} is in the inbox.")
