"""Acts on money in suspense: one person proposes whose it is, another approves."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from console.acting import ActForm, ConsoleAct, Done, Given, Preview, console_act
from console.acts.consequences import of_change
from console.acts.given import AmountField
from database.staff import Act, Right, is_same_person, person_behind
from money import Money
from payouts.errors import NothingInSuspense, PlacementNeedsAnother
from payouts.models import Payout, PlacementStatus, PlacementTarget, SuspensePlacement
from payouts.services.staff import placements
from payouts.states import PayoutStatus


class ProposePlacementForm(ActForm):
    target = forms.ChoiceField(
        label="Whose it is", choices=PlacementTarget.choices, widget=UnfoldAdminSelectWidget
    )
    amount = AmountField(
        required=False,
        help_text="In the payout's currency. Leave it empty for all of it.",
    )


def _placed(payout: Payout, asked: Decimal | None) -> Money:
    """Return the amount to be placed.

    Raises: NothingInSuspense.
    """
    there = payout.in_suspense
    try:
        amount = there if asked is None else Money.of(asked, payout.currency)
    except ValueError as error:
        raise NothingInSuspense(payout.pk, there) from error
    if not 1 <= amount.amount <= there.amount:
        raise NothingInSuspense(payout.pk, there)
    return amount


def _consequences(payout: Payout, target: str, amount: Money) -> Iterator[str]:
    match target:
        case PlacementTarget.CREATOR:
            yield f"book {amount} out of suspense, as owed to {payout.creator.external_id}"
            yield from of_change(payout.creator, amount)
        case PlacementTarget.PLATFORM:
            yield f"book {amount} out of suspense, as the platform's own"
        case _:
            yield f"book {amount} out of suspense, as sent to {payout.creator.external_id} again at Stripe"
    if amount == payout.in_suspense:
        yield "close the difference about this reversal"


@console_act
class ProposePlacement(ConsoleAct[Payout]):
    name = "propose-placement"
    model = Payout
    right = Right.PROPOSE_PLACEMENT
    label = "Place suspense"
    verb = "Propose"
    noun = "placement"
    icon = "move_to_inbox"
    form: ClassVar[type[ActForm]] = ProposePlacementForm

    def obstacle(self, obj: Payout) -> str:
        if obj.status != PayoutStatus.PAID or obj.in_suspense.amount <= 0:
            return "Nothing of this payout is in suspense."
        waiting = obj.placements.filter(status=PlacementStatus.PROPOSED).first()
        return f"{person_behind(waiting.proposed_by)} has already proposed: {waiting}." if waiting else ""

    def preview(self, obj: Payout, given: Given) -> Preview:
        amount = _placed(obj, given["amount"])
        effects = [
            f"propose whose {amount} in suspense are: {PlacementTarget(given['target']).label}",
            "wait until another person approves it, and book nothing before",
        ]
        effects += [f"once it is approved, {each}" for each in _consequences(obj, given["target"], amount)]
        return Preview(effects, amounts=[amount])

    def perform(self, obj: Payout, given: Given, *, act: Act, now: datetime) -> Done:
        amount = _placed(obj, given["amount"])
        made = placements.propose_placement(
            obj.pk, target=PlacementTarget(given["target"]), amount=amount.amount, act=act
        )
        return Done(f"The placement of {amount} waits for approval.", made)


class _OnPlacement(ConsoleAct[SuspensePlacement]):
    model = SuspensePlacement
    right = Right.APPROVE_PLACEMENT
    noun = "placement"

    def obstacle(self, obj: SuspensePlacement) -> str:
        if obj.status == PlacementStatus.PROPOSED:
            return ""
        return f"It is already {obj.get_status_display().lower()}, by {person_behind(obj.decided_by)}."

    def title(self, objects: Sequence[Any]) -> str:
        return f"{self.label} placement: {objects[0]}"

    def proposal(self, obj: SuspensePlacement) -> str:
        return f"{person_behind(obj.proposed_by)}: {obj.reason}"


@console_act
class ApprovePlacement(_OnPlacement):
    name = "approve-placement"
    label = "Approve"
    verb = "Approve"
    icon = "check_circle"

    def obstacle_for(self, obj: SuspensePlacement, username: str) -> str:
        return str(PlacementNeedsAnother(username)) if is_same_person(obj.proposed_by, username) else ""

    def preview(self, obj: SuspensePlacement, given: Given) -> Preview:
        effects = [f"approve what was proposed by {self.proposal(obj)}"]
        return Preview([*effects, *_consequences(obj.payout, obj.target, obj.money)], amounts=[obj.money])

    def perform(self, obj: SuspensePlacement, given: Given, *, act: Act, now: datetime) -> Done:
        placements.approve_placement(obj.pk, act=act, now=now)
        return Done(f"{obj.money} left suspense: {obj.get_target_display()}.")


@console_act
class DeclinePlacement(_OnPlacement):
    name = "decline-placement"
    label = "Decline"
    verb = "Decline"
    icon = "cancel"

    def preview(self, obj: SuspensePlacement, given: Given) -> Preview:
        effects = [f"decline what was proposed by {self.proposal(obj)}", f"leave {obj.money} in suspense"]
        return Preview(effects, amounts=[obj.money])

    def perform(self, obj: SuspensePlacement, given: Given, *, act: Act, now: datetime) -> Done:
        placements.decline_placement(obj.pk, act=act, now=now)
        return Done(f"{obj.money} stays in suspense.")
