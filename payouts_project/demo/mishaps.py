"""A bad day: what goes wrong while creators are paid. Each mishap happens once, however often the demo runs."""

from collections import Counter
from datetime import date

from django.db.models import QuerySet

from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Hold
from earnings.models import Adjustment
from money import Money
from payouts.models import Difference, Payout, PayoutEvent
from payouts.selectors import open_pauses
from payouts.states import PayoutStatus
from payouts_project.demo import acts
from payouts_project.demo.paying import is_made, make_run
from payouts_project.demo.telling import Teller

ADJUSTMENT = Money(125_00, "USD")
INTENDED = Counter({PayoutStatus.FAILED: 1, PayoutStatus.RETURNED: 2, PayoutStatus.ON_HOLD: 1})
TAKEN_BACK = Money(25_00, "USD")
REFUSAL = {
    "kind": "abort_work",
    "status": 400,
    "code": "insufficient_capabilities_for_transfer",
    "message": "Your destination account needs to have the transfers capability enabled.",
    "method": "POST",
    "path": "/v1/transfers",
    "count": 1,
}


def refuse_a_transfer(cutoff: date, tell: Teller) -> None:
    """Make a run in which Stripe refuses one transfer."""
    failed = Payout.objects.filter(run__cutoff=cutoff, status=PayoutStatus.FAILED)
    if is_made(cutoff) and not failed.exists():
        return
    if not is_made(cutoff):
        acts.outside("faults", rules=[REFUSAL])
    make_run(cutoff, tell)
    tell.wait(failed.exists, what="a refused transfer", progress=lambda: "none refused yet")
    payout = failed[0]
    tell.say(f"Stripe refuses one transfer: the account of {payout.creator} can't receive any.")
    tell.say(f"Nothing is lost: the next run pays these {_net(payout)} too.")


def return_a_payout(cutoff: date, tell: Teller, *, failure_code: str, largest: int) -> None:
    """Have a creator's bank return a payout; `largest` is its rank by amount, starting at 0."""
    tell.step("A bank returns a payout")
    back = PayoutEvent.objects.filter(payout__run__cutoff=cutoff, to_status=PayoutStatus.RETURNED)
    if not back.exists():
        payout = _untroubled(cutoff).order_by("-net_amount")[largest]
        acts.outside(f"payouts/{payout.stripe_payout_id}/fail", failure_code=failure_code)
    tell.wait(back.exists, what="a returned payout", progress=lambda: "Stripe has not reported it yet")
    payout = back.earliest("pk").payout
    tell.say(f"{_net(payout)} of {payout.creator} came back: {payout.failure_message or 'sent again since'}")
    tell.say("The money stays at Stripe until they add another bank account.")


def restrict_an_account(cutoff: date, tell: Teller) -> None:
    """Have Stripe restrict the account of a creator who was paid in the run up to `cutoff`."""
    tell.step("Stripe restricts an account with missing documents")
    restricted = CreatorPaymentAccount.objects.filter(account_status=AccountStatus.RESTRICTED)
    if not restricted.exists():
        creator = _untroubled(cutoff).order_by("-net_amount")[7].creator
        account = CreatorPaymentAccount.objects.get(creator=creator, replaced_at=None)
        acts.outside(f"accounts/{account.stripe_account_id}/restrict")
    tell.wait(
        restricted.exists, what="a restricted account", progress=lambda: "Stripe has not reported it yet"
    )
    tell.say(f"{restricted[0].creator} gets no payouts until Stripe has what it requires.")


def hold_a_payout(cutoff: date, tell: Teller) -> None:
    """Make a run while sending is paused, hold one of its payouts, and send the others."""
    if not is_made(cutoff):
        tell.step("Finance pauses sending to check the next run")
        acts.as_finance("sending", "pause", reason="A look at the run before it goes out")
    make_run(cutoff, tell)
    tell.step("Finance holds one creator")
    if not Hold.objects.exists():
        payout = _without_trouble(Payout.objects.filter(run__cutoff=cutoff)).order_by("-net_amount")[5]
        reason = "Sales rose tenfold overnight; asked the creator about it"
        acts.as_finance("intervene", "hold", payout.creator, reason=reason)
    hold = Hold.objects.earliest("placed_at")
    tell.say(f"{hold.creator}: {hold.reason}.")
    if open_pauses():
        tell.say("All other payouts are sent.")
        acts.as_approver("sending", "resume", reason="One creator is held, the rest is as expected")


def propose_an_adjustment(cutoff: date, tell: Teller) -> None:
    """Have finance propose an adjustment in a creator's favor."""
    tell.step(f"Finance proposes to pay a creator {ADJUSTMENT} more")
    if not Adjustment.objects.exists():
        creator = _untroubled(cutoff).order_by("-net_amount")[8].creator
        reason = "Sales lost in an outage of the marketplace"
        acts.as_finance("adjust", "propose", creator, ADJUSTMENT.amount, reason=reason)
    proposed = Adjustment.objects.earliest("proposed_at")
    tell.say(f"{proposed.creator}: {proposed.reason}.")
    tell.say("It is booked once a second person approves it.")


def take_money_back_by_hand(cutoff: date, tell: Teller) -> None:
    """Have someone reverse part of a transfer in Stripe's dashboard, without the service."""
    tell.step(f"Someone reverses {TAKEN_BACK} of a transfer by hand, in Stripe's dashboard")
    if not Difference.objects.exists():
        payout = _untroubled(cutoff).order_by("-net_amount")[9]
        acts.outside(f"transfers/{payout.stripe_transfer_id}/reverse", amount=TAKEN_BACK.amount)
    tell.wait(
        Difference.objects.exists, what="a difference", progress=lambda: "Stripe has not reported it yet"
    )
    difference = Difference.objects.earliest("found_at")
    tell.say(f"The service opens a difference for staff: {difference.get_kind_display().lower()}.")


def find_unintended() -> str:
    """List the payouts that neither arrived nor had an intended mishap; return an empty text if there are none."""
    found = Counter(Payout.objects.exclude(status=PayoutStatus.PAID).values_list("status", flat=True))
    return "" if found == INTENDED else ", ".join(f"{count} {status}" for status, count in found.items())


def _untroubled(cutoff: date) -> QuerySet[Payout]:
    """Select the payouts of a run that arrived, of creators without any mishap."""
    return _without_trouble(Payout.objects.filter(run__cutoff=cutoff, status=PayoutStatus.PAID))


def _without_trouble(payouts: QuerySet[Payout]) -> QuerySet[Payout]:
    troubled = Payout.objects.filter(status__in=(PayoutStatus.FAILED, PayoutStatus.RETURNED))
    restricted = CreatorPaymentAccount.objects.filter(account_status=AccountStatus.RESTRICTED)
    held = Creator.objects.filter(holds__lifted_at=None, holds__isnull=False)
    return (
        payouts.exclude(creator__in=troubled.values("creator"))
        .exclude(creator__in=restricted.values("creator"))
        .exclude(creator__in=held)
    )


def _net(payout: Payout) -> Money:
    return Money(payout.net_amount, payout.currency)
