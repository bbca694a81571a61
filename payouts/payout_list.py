"""The list of payouts in the console: its columns, and what it can be filtered by."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import CreatorPaymentAccount
from database import sql
from database.admin import Between, NarrowedBy, column, show
from database.admin.listing import MOST_COUNTED
from money import Money, last_moment, midnight
from money.currencies import exponent
from payouts.models import Payout, PayoutRun
from payouts.selectors import stuck
from payouts.selectors.runs import CHANGED_WITHIN
from payouts.states import FINISHED, PayoutStatus

RUNS_OFFERED = 12


@column("Where / why")
def where_or_why(payout: Payout) -> SafeString:
    """Say in a few words what the status leaves open; the payout's page says it in sentences."""
    words = payout.failure_code.replace("_", " ").capitalize()
    if payout.status == PayoutStatus.IN_TRANSIT and not words:
        words = "On its way to the bank" if payout.stripe_payout_id else "On the Stripe account"
    tried_again = payout.status in (PayoutStatus.RETURNED, PayoutStatus.FAILED, PayoutStatus.UNRESOLVED)
    if not tried_again or payout.next_retry_at is None:
        return show(words)
    return format_html(
        "<span>{} next try {}</span>", f"{words}," if words else "", show(payout.next_retry_at)
    )


@column("Arrives / arrived")
def arrival(payout: Payout) -> object:
    return payout.arrival_date or payout.paid_at


class OfRun(NarrowedBy):
    """The payouts of one run; the latest runs are offered."""

    title = "run"
    parameter_name = "run"
    related = PayoutRun

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        latest = [(str(run.pk), str(run)) for run in PayoutRun.objects.order_by("-cutoff")[:RUNS_OFFERED]]
        return list(dict.fromkeys([*super().lookups(request, model_admin), *latest]))


class OfFailure(SimpleListFilter):
    title = "failure"
    parameter_name = "failure"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        codes = Payout.objects.exclude(failure_code="").order_by("failure_code")
        return [
            (code, code.replace("_", " ").capitalize())
            for code in codes.values_list("failure_code", flat=True).distinct()
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(failure_code=self.value()) if self.value() else queryset


class OfCurrency(SimpleListFilter):
    """Appears only where several currencies are paid out, or once a link has set one."""

    title = "currency"
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        offered = sorted({*settings.MINIMUM_PAYOUT, *filter(None, [self.value()])})
        return [(code, code) for code in offered] if len(offered) > 1 or self.value() else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(currency=self.value()) if self.value() else queryset


class OfAmount(Between):
    """Amounts as people write them, such as 1250.50, in each payout's own currency."""

    title = "amount"
    parameter_name = "amount"

    def parse(self, text: str) -> Decimal:
        try:
            amount = Decimal(text.replace(",", ""))
        except InvalidOperation as error:
            raise ValueError(text) from error
        if not amount.is_finite() or abs(amount) >= 10**15:
            raise ValueError(text)
        return amount

    def between(self, rows: QuerySet[Payout], low: Decimal | None, high: Decimal | None) -> QuerySet[Payout]:
        if low is None and high is None:
            return rows
        fits = Q(pk__in=[])
        for currency in settings.MINIMUM_PAYOUT:
            minor = 10 ** exponent(currency)
            inside = Q(currency=currency)
            if low is not None:
                inside &= Q(net_amount__gte=low * minor)
            if high is not None:
                inside &= Q(net_amount__lte=high * minor)
            fits |= inside
        return rows.filter(fits)


class MadeBetween(Between):
    """Payouts made from one day to another, UTC."""

    title = "day made"
    parameter_name = "made"
    input_type = "date"

    def parse(self, text: str) -> date:
        return date.fromisoformat(text)

    def between(self, rows: QuerySet[Payout], low: date | None, high: date | None) -> QuerySet[Payout]:
        if low is not None:
            rows = rows.filter(created_at__gte=midnight(low))
        return rows if high is None else rows.filter(created_at__lte=last_moment(high))


class DestinationChanged(SimpleListFilter):
    """Payouts to creators whose bank account or card was replaced shortly before."""

    title = "destination"
    parameter_name = "destination"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("changed", f"Changed within {CHANGED_WITHIN.days} days before")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "changed":
            return queryset
        changed = CreatorPaymentAccount.objects.filter(
            creator=OuterRef("creator"),
            external_account_since__gte=OuterRef("created_at") - CHANGED_WITHIN,
            external_account_since__lte=OuterRef("created_at"),
        )
        return queryset.filter(Exists(changed))


class Standing(NarrowedBy):
    """Payouts that the home page sums up, set by a link."""

    title = "standing"
    parameter_name = "standing"
    standings: ClassVar[dict[str, tuple[str, Callable[[Any], Any]]]] = {
        "under_way": ("neither paid nor ended", lambda rows: rows.exclude(status__in=FINISHED)),
        "current": ("not replaced by a retry", lambda rows: rows.filter(retried_as=None)),
        "stuck": ("not moving", lambda rows: rows.filter(pk__in=stuck(now=sql.now()).values("pk"))),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = self.value()
        if value is None:
            return []
        if value not in self.standings:
            raise IncorrectLookupParameters
        self.subject = self.standings[value][0]
        return [(value, self.standings[value][0])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payout]) -> QuerySet[Payout]:
        value = self.value()
        narrowed: QuerySet[Payout] = queryset if value is None else self.standings[value][1](queryset)
        return narrowed


def totals_of(payouts: QuerySet[Payout]) -> list[Money]:
    """Sum what a list's payouts pay, by currency; of a very long list, only the first."""
    sums = (
        Payout.objects.filter(pk__in=payouts.values("pk")[:MOST_COUNTED])
        .order_by("currency")
        .values_list("currency")
        .annotate(Sum("net_amount"))
    )
    return [Money(int(net), currency) for currency, net in sums]
