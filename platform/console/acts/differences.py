"""Acts on differences with Stripe and the marketplace."""

from datetime import datetime

from console.acting import ConsoleAct, Done, Given, Preview, console_act
from database.staff import Act, Right, person_behind
from payouts.models import Difference
from payouts.services import differences


class _OnDifference(ConsoleAct[Difference]):
    model = Difference
    in_lists = True

    def obstacle(self, obj: Difference) -> str:
        return f"{person_behind(obj.resolved_by)} has resolved it." if obj.resolved_at else ""


@console_act
class OwnDifference(_OnDifference):
    name = "own-difference"
    right = Right.OWN_DIFFERENCE
    label = "Take"
    verb = "Take"
    icon = "person_add"

    def preview(self, obj: Difference, given: Given) -> Preview:
        effects = ["show everyone that you are looking into it"]
        if obj.owner:
            effects.append(f"take it over from {person_behind(obj.owner)}")
        return Preview(effects)

    def perform(self, obj: Difference, given: Given, *, act: Act, now: datetime) -> Done:
        differences.own_difference(obj.pk, act=act)
        return Done("The difference is yours.")


@console_act
class ResolveDifference(_OnDifference):
    name = "resolve-difference"
    right = Right.RESOLVE_DIFFERENCE
    label = "Resolve"
    verb = "Resolve"
    icon = "task_alt"

    def preview(self, obj: Difference, given: Given) -> Preview:
        return Preview(
            [
                "close the difference, with your reason as its explanation",
                "move no money and book nothing",
                "open it again if the next reconciliation still finds it",
            ]
        )

    def perform(self, obj: Difference, given: Given, *, act: Act, now: datetime) -> Done:
        differences.resolve_difference(obj.pk, act=act, now=now)
        return Done("The difference is resolved.")
