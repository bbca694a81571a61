"""Payouts, attempts and runs by the names that people have for them; each is one look-up by index."""

from django.db.models import QuerySet

from money import Period
from payouts.models import Difference, Payout, PayoutAttempt, PayoutRun, UnplacedTransfer

# With what a payout's name consists of.
_NAMED = Payout.objects.select_related("creator")
_ATTEMPTS = PayoutAttempt.objects.select_related("payout__creator")


def payouts_by_stripe_id(stripe_id: str) -> QuerySet[Payout]:
    """Select the payout that has, or had, this transfer, reversal or bank payout (`tr_…`, `trr_…`, `po_…`)."""
    made = PayoutAttempt.objects.filter(stripe_id=stripe_id).exclude(stripe_id="")
    adopted = Payout.objects.filter(stripe_transfer_id=stripe_id).exclude(stripe_transfer_id="")
    paid_out = Payout.objects.filter(stripe_payout_id=stripe_id).exclude(stripe_payout_id="")
    ids = made.values("payout").union(adopted.values("pk"), paid_out.values("pk"))
    return _NAMED.filter(pk__in=ids)


def payouts_by_payment(payment_id: str) -> QuerySet[Payout]:
    """Select the payout whose transfer arrived on the connected account as this payment (`py_…`)."""
    return _NAMED.filter(destination_payment=payment_id).exclude(destination_payment="")


def payouts_by_reference(reference: str) -> QuerySet[Payout]:
    """Select the payout with this name at Stripe, which is in its idempotency keys and metadata."""
    return _NAMED.filter(reference=reference)


def payouts_by_trace_id(trace_id: str) -> QuerySet[Payout]:
    """Select the payouts whose money the bank finds by this trace id."""
    return _NAMED.filter(trace_id=trace_id).exclude(trace_id="")


def attempts_by_request(request_id: str) -> QuerySet[PayoutAttempt]:
    """Select the attempt whose latest answer Stripe logged as this request (`req_…`)."""
    return _ATTEMPTS.filter(request_id=request_id).exclude(request_id="")


def differences_about(subject: str) -> QuerySet[Difference]:
    """Select the differences about an object, open ones first."""
    return Difference.objects.filter(subject=subject).order_by("-resolved_at", "-pk")


def unplaced_transfers_with_id(transfer_id: str) -> QuerySet[UnplacedTransfer]:
    return UnplacedTransfer.objects.filter(pk=transfer_id)


def runs_of(month: Period) -> QuerySet[PayoutRun]:
    """Select the runs whose last day is in a month."""
    return PayoutRun.objects.filter(cutoff__gt=month.start, cutoff__lte=month.end).order_by("cutoff")


def attempts_with_key(idempotency_key: str) -> QuerySet[PayoutAttempt]:
    return _ATTEMPTS.filter(idempotency_key=idempotency_key)
