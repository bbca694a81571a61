"""Acts on payouts."""

from datetime import datetime

from console.acting import ConsoleAct, Done, Given, Preview, console_act
from database import sql
from database.display import name_of
from database.staff import Act, Right
from money import Money
from payouts.errors import NotRetryable
from payouts.explanations import explain_move
from payouts.models import Payout
from payouts.selectors import staff_acts
from payouts.services.staff import interventions
from payouts.states import PayoutStatus


def _now(payout: Payout) -> Done:
    """Tell the state that a payout is in after an act."""
    return Done(f"{name_of(payout)} is now {PayoutStatus(payout.status).label.lower()}.")


@console_act
class RetryPayout(ConsoleAct[Payout]):
    name = "retry"
    model = Payout
    right = Right.RETRY_PAYOUT
    label = "Retry"
    verb = "Retry"
    icon = "replay"
    in_lists = True

    def obstacle(self, obj: Payout) -> str:
        return staff_acts.why_not_retried(obj, now=sql.now())

    def preview(self, obj: Payout, given: Given) -> Preview:
        retry = staff_acts.retry_of(obj, now=sql.now())
        if retry is None:
            raise NotRetryable(obj.pk, "none of its earnings are payable")
        if retry.reason:
            raise NotRetryable(obj.pk, retry.reason.label)
        effects = [f"make a new payout of {retry.net} to {obj.creator.external_id}, and send it at once"]
        if retry.net != obj.net:
            effects.append(f"pay {retry.net} instead of {obj.net}, as what can be paid has changed since")
        if obj.next_retry_at:
            effects.append("take the place of the retry that was to be made without you")
        return Preview(effects, amounts=[retry.net], told=explain_move("", PayoutStatus.PENDING))

    def perform(self, obj: Payout, given: Given, *, act: Act, now: datetime) -> Done:
        made = interventions.retry_payout(obj.pk, act=act, now=now)
        return Done(f"A new payout of {made.net} to {made.creator.external_id} is being sent.", made)


@console_act
class CancelPayout(ConsoleAct[Payout]):
    name = "cancel"
    model = Payout
    right = Right.CANCEL_PAYOUT
    label = "Cancel payout"
    verb = "Cancel"
    icon = "cancel"
    is_dangerous = True
    in_lists = True

    def obstacle(self, obj: Payout) -> str:
        return staff_acts.why_not_cancelled(obj)

    def preview(self, obj: Payout, given: Given) -> Preview:
        effects = [
            f"end this payout to {obj.creator.external_id} before anything of it is sent",
            f"owe them the {obj.net} again: the next run pays it, unless something else stops it",
        ]
        told = explain_move(obj.status, PayoutStatus.CANCELLED)
        return Preview(effects, amounts=[obj.net], told=told)

    def perform(self, obj: Payout, given: Given, *, act: Act, now: datetime) -> Done:
        return _now(interventions.cancel_payout(obj.pk, act=act, now=now))


@console_act
class ReversePayout(ConsoleAct[Payout]):
    name = "reverse"
    model = Payout
    right = Right.REVERSE_PAYOUT
    label = "Reverse"
    verb = "Reverse"
    icon = "undo"
    is_dangerous = True

    def obstacle(self, obj: Payout) -> str:
        return staff_acts.why_not_reversed(obj)

    def preview(self, obj: Payout, given: Given) -> Preview:
        rest = Money(obj.net_amount - obj.amount_reversed, obj.currency)
        account = staff_acts.destination_of(obj)
        effects = [
            f"take {rest} back from {obj.creator.external_id}'s Stripe account, {account}",
            "send nothing of it to their bank any more",
            f"owe them {obj.net} again once it is back: the next run pays it, unless something else stops it",
        ]
        told = explain_move(PayoutStatus.RETURNED, PayoutStatus.REVERSED)
        return Preview(effects, amounts=[rest], told=told)

    def perform(self, obj: Payout, given: Given, *, act: Act, now: datetime) -> Done:
        return _now(interventions.reverse_payout(obj.pk, act=act, now=now))


@console_act
class WithdrawReversal(ConsoleAct[Payout]):
    name = "withdraw"
    model = Payout
    right = Right.REVERSE_PAYOUT
    label = "Withdraw reversal"
    verb = "Withdraw reversal of"
    icon = "redo"

    def obstacle(self, obj: Payout) -> str:
        return staff_acts.why_not_withdrawn(obj)

    def preview(self, obj: Payout, given: Given) -> Preview:
        effects = [
            f"no longer ask Stripe for {obj.net} of {obj.creator.external_id}'s Stripe account",
            "send it to their bank once Stripe has a bank account that accepts it",
        ]
        return Preview(effects, amounts=[obj.net])

    def perform(self, obj: Payout, given: Given, *, act: Act, now: datetime) -> Done:
        return _now(interventions.withdraw_reversal(obj.pk, act=act, now=now))


@console_act
class SettlePayout(ConsoleAct[Payout]):
    name = "settle"
    model = Payout
    right = Right.SETTLE_PAYOUT
    label = "Mark as paid"
    verb = "Mark as paid:"
    icon = "done_all"
    is_dangerous = True

    def obstacle(self, obj: Payout) -> str:
        return staff_acts.why_not_settled(obj)

    def preview(self, obj: Payout, given: Given) -> Preview:
        account = staff_acts.destination_of(obj)
        effects = [
            f"count the {obj.net} on {account} as paid to {obj.creator.external_id}",
            "move no money, and no longer ask Stripe about it: we can't reach that account any more",
        ]
        told = explain_move(PayoutStatus.IN_TRANSIT, PayoutStatus.PAID)
        return Preview(effects, amounts=[obj.net], told=told)

    def perform(self, obj: Payout, given: Given, *, act: Act, now: datetime) -> Done:
        return _now(interventions.settle_payout(obj.pk, act=act, now=now))


@console_act
class SyncPayout(ConsoleAct[Payout]):
    name = "sync"
    model = Payout
    right = Right.SYNC
    label = "Sync"
    verb = "Sync"
    icon = "sync"

    def preview(self, obj: Payout, given: Given) -> Preview:
        effects = [
            "read this payout's transfer and bank payout at Stripe, and record what is found",
            "move no money",
        ]
        return Preview(effects)

    def perform(self, obj: Payout, given: Given, *, act: Act, now: datetime) -> Done:
        return _now(interventions.sync_payout(obj.pk, act=act, now=now))
