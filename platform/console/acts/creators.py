"""Acts on creators."""

from collections.abc import Callable
from datetime import datetime

from accounts.models import Creator, Hold, HoldSource
from accounts.selectors import open_holds
from console.acting import ConsoleAct, Done, Given, Preview, console_act, count_of, in_words
from database.staff import Act, Right, person_behind
from payouts import selectors
from payouts.explanations import explain_blocker, explain_move
from payouts.services.staff import interventions
from payouts.states import DecisionReason, PayoutStatus


def _lifting(creator: Creator, lifts: Callable[[Hold], bool]) -> Preview:
    """Preview an act that lifts some of a creator's holds."""
    holds = list(open_holds(creator.pk).order_by("pk"))
    effects = [
        f"lift the hold “{hold.reason}” by {person_behind(hold.placed_by)}" for hold in holds if lifts(hold)
    ]
    if others := [f"“{hold.reason}”" for hold in holds if not lifts(hold)]:
        return Preview([*effects, f"pay nothing yet, as another hold stays: {', '.join(others)}"])
    waiting = [payout.net for payout in selectors.payouts_on_hold(creator.pk)]
    if not waiting:
        return Preview([*effects, f"let the next run pay {creator.external_id}"])
    effects.append(f"send {count_of(len(waiting), 'payout')} that waited, {in_words(waiting)}")
    return Preview(effects, amounts=waiting, told=explain_move(PayoutStatus.ON_HOLD, PayoutStatus.PENDING))


@console_act
class HoldCreator(ConsoleAct[Creator]):
    name = "hold"
    model = Creator
    right = Right.HOLD
    label = "Hold payouts"
    verb = "Hold"
    icon = "front_hand"
    is_dangerous = True
    in_lists = True

    def obstacle(self, obj: Creator) -> str:
        placed = open_holds(obj.pk).filter(source=HoldSource.STAFF).first()
        if placed is None:
            return ""
        return f"{person_behind(placed.placed_by)} already holds {obj.external_id}: {placed.reason}"

    def preview(self, obj: Creator, given: Given) -> Preview:
        stopped = [payout.net for payout in selectors.payouts_a_hold_stops(obj.pk)]
        missed = [payout.net for payout in selectors.payouts_a_hold_misses(obj.pk)]
        effects = [f"make no payout to {obj.external_id} until the hold is lifted"]
        if stopped:
            effects.append(f"hold {count_of(len(stopped), 'payout')} not sent yet, {in_words(stopped)}")
        if missed:
            effects.append(
                f"not stop {count_of(len(missed), 'payout')} that {'is' if len(missed) == 1 else 'are'} being sent, "
                f"{in_words(missed)}"
            )
        return Preview(effects, amounts=stopped, told=explain_blocker(DecisionReason.ON_HOLD).message)

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        interventions.hold_creator(obj, act=act, now=now)
        return Done(f"{obj.external_id} is on hold.")


@console_act
class ReleaseCreator(ConsoleAct[Creator]):
    name = "release"
    model = Creator
    right = Right.RELEASE
    label = "Release"
    verb = "Release"
    icon = "play_arrow"
    in_lists = True

    def obstacle(self, obj: Creator) -> str:
        if open_holds(obj.pk).filter(source=HoldSource.STAFF).exists():
            return ""
        return f"Staff don't hold {obj.external_id}."

    def preview(self, obj: Creator, given: Given) -> Preview:
        return _lifting(obj, lambda hold: hold.source == HoldSource.STAFF)

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        interventions.release_creator(obj, act=act, now=now)
        return Done(f"{obj.external_id} is released.")
