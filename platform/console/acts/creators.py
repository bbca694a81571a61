"""Acts on creators."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from accounts.errors import AlreadyOnHold, NoPaymentAccount
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Hold, HoldSource
from accounts.selectors import live_account, open_holds
from accounts.services import holds, payment_accounts, syncing
from console.acting import ConsoleAct, Done, Given, Preview, console_act, total_of
from database.display import count_of
from database.staff import Act, Right, person_behind
from money import Money
from payouts.explanations import explain_blocker, explain_move
from payouts.models import Payout
from payouts.selectors import staff_acts
from payouts.services.staff import interventions
from payouts.states import DecisionReason, PayoutStatus


def _lifting(creator: Creator, lifts: Callable[[Hold], bool]) -> Preview:
    """Preview an act that lifts some of a creator's holds."""
    placed = list(open_holds(creator.pk).order_by("pk"))
    effects = [
        f"lift the hold “{hold.reason}” by {person_behind(hold.placed_by)}" for hold in placed if lifts(hold)
    ]
    if others := [f"“{hold.reason}”" for hold in placed if not lifts(hold)]:
        return Preview([*effects, f"pay nothing yet, as another hold stays: {', '.join(others)}"])
    if returned := _nets(staff_acts.returned_payouts(creator.pk)):
        effects.append(f"let what their bank returned go there again: {_listed(returned)}")
    waiting = _nets(staff_acts.payouts_on_hold(creator.pk))
    if not waiting:
        return Preview([*effects, f"let the next run pay {creator.external_id}"])
    effects.append(f"send {count_of(len(waiting), 'payout')} that waited, {total_of(waiting)}")
    return Preview(effects, amounts=waiting, told=explain_move(PayoutStatus.ON_HOLD, PayoutStatus.PENDING))


def _nets(payouts: Iterable[Payout]) -> list[Money]:
    return [payout.net for payout in payouts]


def _listed(nets: Sequence[Money]) -> str:
    """Write `2 payouts, $2,161.59`."""
    return f"{count_of(len(nets), 'payout')}, {total_of(nets)}"


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
        return str(AlreadyOnHold(obj.external_id, by=placed.placed_by, reason=placed.reason))

    def preview(self, obj: Creator, given: Given) -> Preview:
        stopped = _nets(staff_acts.payouts_a_hold_stops(obj.pk))
        missed = _nets(staff_acts.payouts_a_hold_misses(obj.pk))
        returned = _nets(staff_acts.returned_payouts(obj.pk))
        effects = [f"make no payout to {obj.external_id} until the hold is lifted"]
        if stopped:
            effects.append(f"hold {count_of(len(stopped), 'payout')} not sent yet, {total_of(stopped)}")
        if returned:
            effects.append(f"not send to their bank again what it returned: {_listed(returned)}")
        if missed:
            effects.append(f"not stop what is on its way: {_listed(missed)}")
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


@console_act
class EndCoolDown(ConsoleAct[Creator]):
    name = "end-cool-down"
    model = Creator
    right = Right.END_COOL_DOWN
    label = "End cool-down"
    verb = "End cool-down of"
    icon = "timer_off"
    is_dangerous = True

    def obstacle(self, obj: Creator) -> str:
        if open_holds(obj.pk).filter(expires_at__isnull=False).exists():
            return ""
        return f"{obj.external_id} has no cool-down."

    def preview(self, obj: Creator, given: Given) -> Preview:
        lifting = _lifting(obj, lambda hold: hold.expires_at is not None)
        sure = "trust the new destination: be sure that the creator made the change, not someone else"
        return replace(lifting, effects=[*lifting.effects, sure])

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        holds.end_cool_down(obj, act=act, now=now)
        return Done(f"The cool-down of {obj.external_id} has ended.")


@console_act
class TryAgain(ConsoleAct[Creator]):
    name = "try-again"
    model = Creator
    right = Right.TRY_AGAIN
    label = "Try destination again"
    verb = "Try again:"
    icon = "replay"

    def obstacle(self, obj: Creator) -> str:
        if open_holds(obj.pk).filter(until_paid_elsewhere=True).exists():
            return ""
        return f"{obj.external_id} isn't on hold because of failed payouts."

    def preview(self, obj: Creator, given: Given) -> Preview:
        return _lifting(obj, lambda hold: hold.until_paid_elsewhere)

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        holds.try_again(obj, act=act, now=now)
        return Done(f"{obj.external_id} is paid to the same destination again.")


@console_act
class SyncAccount(ConsoleAct[Creator]):
    name = "sync-account"
    model = Creator
    right = Right.SYNC
    label = "Sync account"
    verb = "Sync account of"
    icon = "sync"

    def obstacle(self, obj: Creator) -> str:
        return "" if _account_at_stripe(obj) else f"{obj.external_id} has no Stripe account."

    def preview(self, obj: Creator, given: Given) -> Preview:
        effects = [f"read {_account_at_stripe(obj)} at Stripe, and record its status and bank account"]
        return Preview([*effects, "move no money"])

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        account = _account_at_stripe(obj)
        if account is None:
            raise NoPaymentAccount
        status = AccountStatus(syncing.sync_account(account, act=act, now=now).account_status)
        return Done(f"The Stripe account of {obj.external_id} is {status.label.lower()}.")


@console_act
class ReplaceAccount(ConsoleAct[Creator]):
    name = "replace-account"
    model = Creator
    right = Right.REPLACE_ACCOUNT
    label = "Replace account"
    verb = "Replace account of"
    icon = "swap_horiz"
    is_dangerous = True

    def obstacle(self, obj: Creator) -> str:
        return "" if live_account(obj.pk) else f"{obj.external_id} has no Stripe account."

    def preview(self, obj: Creator, given: Given) -> Preview:
        returned = _nets(staff_acts.returned_payouts(obj.pk))
        effects = [
            f"send nothing new to {live_account(obj.pk)}",
            f"pay {obj.external_id} only once they have opened another Stripe account",
        ]
        if returned:
            effects.append(
                f"take back {count_of(len(returned), 'payout')} that their bank returned, {total_of(returned)}"
            )
        return Preview(effects, told=explain_blocker(DecisionReason.NO_ACCOUNT).message)

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        account = live_account(obj.pk)
        if account is None:
            raise NoPaymentAccount
        payment_accounts.replace_payment_account(account, act=act, now=now)
        return Done(f"{obj.external_id} can open another Stripe account.")


def _account_at_stripe(creator: Creator) -> CreatorPaymentAccount | None:
    account = live_account(creator.pk)
    return account if account and account.stripe_account_id else None
