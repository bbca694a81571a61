"""The demo's results, read from the books."""

from collections.abc import Iterator

from django.db.models import Count, Sum

from database.display import count_of
from earnings.models import CreatorEarning
from money import Money
from payouts.models import Payout, RunDecision
from payouts.services.reconciliation.books import Validation
from payouts.states import DecisionReason, PayoutStatus

TOP = 5


def lines(validations: list[Validation]) -> Iterator[str]:
    """Yield the lines of the summary."""
    yield "Earnings"
    for currency, gross, fee, net in CreatorEarning.objects.values_list("currency").annotate(
        Sum("gross"), Sum("platform_fee"), Sum("net")
    ):
        yield f"  {Money(gross, currency)!s:>14} gross: charges less refunds"
        yield f"  {Money(fee, currency)!s:>14} platform fees"
        yield f"  {Money(net, currency)!s:>14} net: earned by creators"
    yield "Payouts"
    by_status = Payout.objects.values_list("status", "currency").annotate(Count("pk"), Sum("net_amount"))
    for status, currency, count, total in by_status.order_by("status"):
        yield f"  {Money(total, currency)!s:>14} {PayoutStatus(status).label.lower()}, in {count_of(count, 'payout')}"
    yield "Largest payouts by creator"
    top = (
        Payout.objects.filter(status=PayoutStatus.PAID)
        .values_list("creator__external_id", "currency")
        .annotate(total=Sum("net_amount"), count=Count("pk"))
        .order_by("-total")[:TOP]
    )
    for creator, currency, total, count in top:
        yield f"  {Money(total, currency)!s:>14} to {creator}, in {count_of(count, 'payout')}"
    yield "Not paid in the last run, by reason"
    last = RunDecision.objects.order_by("-run__cutoff").values_list("run", flat=True)[:1]
    without = RunDecision.objects.filter(run__in=last).exclude(reason=DecisionReason.PAID)
    for reason, currency, count, total in (
        without.values_list("reason", "currency").annotate(Count("pk"), Sum("amount")).order_by("reason")
    ):
        yield (
            f"  {count_of(count, 'creator'):>14} {Money(total, currency)!s:>14}  {DecisionReason(reason).label}"
        )
    failed = [validation for validation in validations if validation.findings]
    yield "Books"
    verdict = "NOT BALANCED" if failed else "balanced"
    yield f"  {verdict}: {len(validations) - len(failed)} of {len(validations)} checks passed"
    for validation in failed:
        yield f"  {validation.name}: {validation.findings[0]}"
