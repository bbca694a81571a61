"""Acts on what creators are owed: adjustments and write-offs, each proposed by one person and approved by another."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from django import forms
from unfold.widgets import UnfoldBooleanWidget

from accounts.models import Creator
from console.acting import ActForm, ConsoleAct, Done, Given, Preview, console_act
from console.acts.consequences import of_change
from console.acts.given import AmountForm, CurrencyForm
from database.staff import Act, Right, is_same_person, person_behind
from earnings.errors import NothingToWriteOff, SecondPersonNeeded
from earnings.models import Adjustment, AdjustmentKind, AdjustmentStatus
from earnings.services import adjustments
from ledger.models import AccountKind, LedgerAccount
from ledger.selectors import payable_balance
from money import Money

WAITS = "wait until another person approves it, and change nothing before"


class ProposeAdjustmentForm(AmountForm):
    counts_as_earned = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Undoes write-offs first, like a sale. A negative amount always does.",
    )


@console_act
class ProposeAdjustment(ConsoleAct[Creator]):
    name = "propose-adjustment"
    model = Creator
    right = Right.PROPOSE_ADJUSTMENT
    label = "Adjust"
    verb = "Propose"
    noun = "adjustment"
    icon = "tune"
    form: ClassVar[type[ActForm]] = ProposeAdjustmentForm

    def preview(self, obj: Creator, given: Given) -> Preview:
        amount: Money = given["amount"]
        adjustments.require_adjustable(amount)
        direction = "more" if amount.amount > 0 else "less"
        size = Money(abs(amount.amount), amount.currency)
        effects = [f"propose that {obj.external_id} is owed {size} {direction}", WAITS]
        effects += [f"once it is approved, {effect}" for effect in of_change(obj, amount)]
        return Preview(effects, amounts=[amount])

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        made = adjustments.propose_adjustment(
            obj, amount=given["amount"], counts_as_earned=given["counts_as_earned"], act=act
        )
        return Done(f"An adjustment of {given['amount']} for {obj.external_id} waits for approval.", made)


@console_act
class ProposeWriteOff(ConsoleAct[Creator]):
    name = "propose-write-off"
    model = Creator
    right = Right.PROPOSE_ADJUSTMENT
    label = "Write off"
    verb = "Propose"
    noun = "write-off"
    icon = "money_off"
    form: ClassVar[type[ActForm]] = CurrencyForm

    def obstacle(self, obj: Creator) -> str:
        owing = LedgerAccount.objects.filter(owner_id=obj.pk, kind=AccountKind.CREATOR_PAYABLE, balance__lt=0)
        return "" if owing.exists() else f"{obj.external_id} owes nothing."

    def preview(self, obj: Creator, given: Given) -> Preview:
        currency = given["currency"]
        debt = Money(-payable_balance(obj.pk, currency=currency), currency)
        if debt.amount <= 0:
            raise NothingToWriteOff(obj.external_id, currency=currency)
        effects = [
            f"propose to give up {debt} that {obj.external_id} owes",
            WAITS,
            "once it is approved, be undone by whatever they earn later",
        ]
        return Preview(effects, amounts=[debt])

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        made = adjustments.propose_write_off(obj, currency=given["currency"], act=act)
        amount = Money(made.amount, made.currency)
        return Done(f"A write-off of {amount} for {obj.external_id} waits for approval.", made)


class _OnProposal(ConsoleAct[Adjustment]):
    """An act on an adjustment or write-off that waits."""

    model = Adjustment
    right = Right.APPROVE_ADJUSTMENT
    noun = "adjustment"
    in_lists = True

    def obstacle(self, obj: Adjustment) -> str:
        if obj.status == AdjustmentStatus.PROPOSED:
            return ""
        return f"It is already {obj.get_status_display().lower()}, by {person_behind(obj.decided_by)}."

    def title(self, objects: Sequence[Adjustment]) -> str:
        if len(objects) != 1:
            return super().title(objects)
        (one,) = objects
        kind = one.get_kind_display().lower()
        return f"{self.label} {kind}: {Money(one.amount, one.currency)} for {one.creator.external_id}"


@console_act
class ApproveAdjustment(_OnProposal):
    name = "approve-adjustment"
    label = "Approve"
    verb = "Approve"
    icon = "check_circle"

    def obstacle_for(self, obj: Adjustment, username: str) -> str:
        return str(SecondPersonNeeded(username)) if is_same_person(obj.proposed_by, username) else ""

    def preview(self, obj: Adjustment, given: Given) -> Preview:
        amount = Money(obj.amount, obj.currency)
        proposed = f"{person_behind(obj.proposed_by)} proposed it: {obj.reason}"
        if obj.kind == AdjustmentKind.WRITE_OFF:
            effects = [f"give up {amount} that {obj.creator.external_id} owes ({proposed})"]
        else:
            effects = [f"book {amount} for {obj.creator.external_id} ({proposed})"]
        if obj.counts_as_earned:
            effects.append("undo write-offs first, as it counts as earned")
        return Preview([*effects, *of_change(obj.creator, amount)], amounts=[amount])

    def perform(self, obj: Adjustment, given: Given, *, act: Act, now: datetime) -> Done:
        adjustments.approve_adjustment(obj.pk, act=act, now=now)
        amount = Money(obj.amount, obj.currency)
        return Done(f"{amount} is booked for {obj.creator.external_id}.")


@console_act
class DeclineAdjustment(_OnProposal):
    name = "decline-adjustment"
    label = "Decline"
    verb = "Decline"
    icon = "cancel"

    def preview(self, obj: Adjustment, given: Given) -> Preview:
        amount = Money(obj.amount, obj.currency)
        effects = [
            f"decline what {person_behind(obj.proposed_by)} proposed: {obj.reason}",
            f"leave what {obj.creator.external_id} is owed as it is",
        ]
        return Preview(effects, amounts=[amount])

    def perform(self, obj: Adjustment, given: Given, *, act: Act, now: datetime) -> Done:
        adjustments.decline_adjustment(obj.pk, act=act, now=now)
        return Done(f"The adjustment for {obj.creator.external_id} is declined.")
