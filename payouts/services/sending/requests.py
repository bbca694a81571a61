"""Acts of staff on a payout's money, decided and written like the engine's own decisions."""

from datetime import datetime
from uuid import UUID

from accounts.selectors import account_is_gone
from database.staff import Act
from payouts import gateway
from payouts.errors import NotReversible, NotSettleable, NotWithdrawable
from payouts.models import DifferenceKind, Payout
from payouts.services.moves import Move
from payouts.services.sending import attempts, bank_payouts, coming_back, returned, reversals
from payouts.services.sending.decision import Decision
from payouts.services.sending.effects import SettleDifference
from payouts.services.sending.history import History
from payouts.services.sending.recording import record_made
from payouts.services.sending.writing import record
from payouts.states import AttemptKind, PayoutStatus


def request_reversal(payout_id: UUID, *, act: Act, now: datetime) -> None:
    """Open an attempt to reverse a payout's transfer while its money is on the connected account.

    Raises: UnknownPayout; NotReversible if its money went to the bank, or something is in progress.
    """

    def decide(history: History) -> Decision:
        payout = history.payout
        moves = []
        if payout.status in (PayoutStatus.IN_TRANSIT, PayoutStatus.PAID) and not payout.stripe_payout_id:
            moves = [Move(PayoutStatus.RETURNED, act.reason, act.actor)]
        if history.open_attempt is not None or not (moves or payout.status == PayoutStatus.RETURNED):
            raise NotReversible(payout_id)
        if payout.amount_reversed == payout.net_amount:  # all of it is back
            raise NotReversible(payout_id)
        attempt = reversals.new_attempt(history, act=act)
        return Decision(moves=moves, changes={"next_retry_at": now}, new_attempt=attempt)

    record(payout_id, decide, now=now)


def withdraw_reversal(payout_id: UUID, *, act: Act, now: datetime) -> None:
    """Withdraw staff's request for a payout's money, so that it may go to the bank again.

    Raises: UnknownPayout; NotWithdrawable if they didn't ask for it, a reversal is in progress, or some came back.
    """

    def decide(history: History) -> Decision:
        payout, attempt = history.payout, history.last_reversal
        waits = payout.status == PayoutStatus.RETURNED and history.open_attempt is None
        if (
            attempt is None
            or not waits
            or payout.amount_reversed
            or returned.wanted_by_staff(history) is None
        ):
            raise NotWithdrawable(payout_id)
        return Decision(
            changes={"next_retry_at": now},
            update=attempts.withdrawn(attempt, act=act, now=now),
            effects=[
                coming_back.close_refused_reversal(payout, reason=f"{act.actor} withdrew it: {act.reason}")
            ],
        )

    record(payout_id, decide, now=now)


def settle(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Mark a payout as paid: its creator has the money, on an account that we can no longer reach.

    Raises: UnknownPayout; NotSettleable while Stripe still shows the account, or if some money may have come back.
    """

    def decide(history: History) -> Decision:
        payout, attempt = history.payout, history.open_attempt
        reversing = (
            attempt is not None
            and attempt.kind == AttemptKind.REVERSAL
            and (attempt.in_doubt or not attempt.answered or attempt.stripe_id)
        )
        path = {
            PayoutStatus.IN_TRANSIT: [PayoutStatus.PAID],
            PayoutStatus.RETURNED: [PayoutStatus.IN_TRANSIT, PayoutStatus.PAID],
        }.get(PayoutStatus(payout.status))
        if path is None or reversing or payout.amount_reversed or not account_is_gone(history.destination):
            raise NotSettleable(payout_id)
        why = f"{act.actor} marked it as paid: {act.reason}"
        return Decision(
            moves=[Move(target, act.reason, act.actor) for target in path],
            changes={"next_retry_at": None, "failure_code": "", "failure_message": ""},
            update=attempts.ended_without_effect(attempt, now=now) if attempt else None,
            effects=[
                SettleDifference(DifferenceKind.ARRIVAL_UNKNOWN, payout.stripe_transfer_id, why),
                coming_back.close_refused_reversal(payout, reason=why),
            ],
        )

    record(payout_id, decide, now=now)
    return Payout.objects.get(pk=payout_id)


def ask_stripe(payout_id: UUID, *, now: datetime) -> None:
    """Look a payout up at Stripe and record what is found; no money moves.

    Raises: UnknownPayout, StripeCallFailed; NotYet if money came back while a bank payout may be in progress.
    """
    payout = Payout.objects.get(pk=payout_id)
    for transfer in gateway.find_transfers(payout.transfer_group):
        record_made(transfer, payout_id=payout_id, now=now)
    payout.refresh_from_db()
    if payout.stripe_payout_id:
        sent = payout.attempts.get(stripe_id=payout.stripe_payout_id)
        bank_payout = gateway.retrieve_bank_payout(
            stripe_payout_id=payout.stripe_payout_id, account=sent.destination
        )
        record(payout_id, lambda history: bank_payouts.settle(history, bank_payout, now=now), now=now)
