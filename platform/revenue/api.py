"""`/platform`: what the platform earned, and how its payouts go, for its staff."""

from django.conf import settings
from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors as accounts
from accounts.endpoints import PlatformEndpoint
from database import sql
from earnings import selectors as earnings
from ledger import selectors as ledger
from money import month_of
from payouts import selectors as payouts
from payouts.states import PayoutStatus
from revenue import selectors
from web.inputs import CurrencyField, Input, MonthField
from web.outputs import Output, WrittenMonth

TAGS = ["Platform"]
LONGEST_HISTORY = 60


class RevenueInput(Input):
    month = MonthField(
        required=False, help_text="Which month (UTC): `YYYY-MM`. By default the running one, so far."
    )
    currency = CurrencyField(
        required=False, help_text="Currency of the figures. By default the platform's own."
    )


class AnalyticsInput(Input):
    months = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_HISTORY,
        default=12,
        help_text="How many months `revenue_history` goes back, the running one included.",
    )


class RevenueOutput(Output):
    """One month of the platform, in one currency."""

    month = WrittenMonth(help_text="Month (UTC): `YYYY-MM`.")
    currency = serializers.CharField(help_text="ISO 4217 currency of all amounts beside it.")
    total_gross_revenue = serializers.IntegerField(
        help_text="Minor units: what customers were charged for the month, less refunds and chargebacks. It goes "
        "by the time of the sale, and is restated when late records come."
    )
    total_platform_fees = serializers.IntegerField(
        help_text="Minor units: the platform's commission on the gross; the sum of each creator's rounded fees."
    )
    total_creator_earnings = serializers.IntegerField(
        help_text="Minor units: the creators' share of the gross: gross less platform fees."
    )
    total_creator_payouts = serializers.IntegerField(
        help_text="Minor units: payouts that became paid in the month, less those that came back in it, whatever "
        "months they pay for; so it can be negative."
    )
    total_transactions = serializers.IntegerField(min_value=0, help_text="Number of charges of the month.")
    total_api_calls = serializers.IntegerField(min_value=0, help_text="API calls of these charges.")
    active_subscriptions = serializers.IntegerField(
        min_value=0,
        help_text="Number of distinct subscriptions among these charges; their ids are distinct within a source.",
    )
    take_rate_bps = serializers.IntegerField(
        allow_null=True,
        help_text="Platform fees ÷ gross, in basis points (2000 is 20 %). Null where that is no share: nothing was "
        "sold, or refunds of sales at another rate leave fees that are more than the gross or of the other sign.",
    )


class AccountStatsOutput(Output):
    """Creators, and their Stripe accounts by status."""

    creators = serializers.IntegerField(min_value=0, help_text="All creators, with and without an account.")
    not_created = serializers.IntegerField(
        min_value=0, help_text="Accounts that onboarding began and Stripe has not made yet."
    )
    pending = serializers.IntegerField(
        min_value=0, help_text="Accounts whose creator has submitted nothing yet."
    )
    onboarding = serializers.IntegerField(min_value=0, help_text="Accounts that Stripe is verifying.")
    active = serializers.IntegerField(min_value=0, help_text="Accounts that can be paid.")
    restricted = serializers.IntegerField(
        min_value=0, help_text="Accounts that can't be paid until their creator does what Stripe asks."
    )
    disabled = serializers.IntegerField(min_value=0, help_text="Accounts that Stripe rejected.")


class PayoutTotalsOutput(Output):
    """The payouts of one state and currency."""

    status = serializers.ChoiceField(PayoutStatus.choices, help_text="State of these payouts now.")
    currency = serializers.CharField(source="net.currency", help_text="ISO 4217 currency of these payouts.")
    count = serializers.IntegerField(min_value=1, help_text="How many there are.")
    net_amount = serializers.IntegerField(
        source="net.amount", min_value=1, help_text="Minor units: what they pay creators, in all."
    )


class PayoutStatsOutput(Output):
    """Payouts by state, and how many fail."""

    by_status = PayoutTotalsOutput(
        many=True, help_text="All payouts ever made, by state and currency; those of none are left out."
    )
    finished_30_days = serializers.IntegerField(
        min_value=0,
        help_text="Payouts that became paid, failed, cancelled or reversed in the last 30 days, and still are.",
    )
    failed_30_days = serializers.IntegerField(min_value=0, help_text="Those of them that failed.")
    failed_rate_bps = serializers.IntegerField(
        min_value=0,
        max_value=10_000,
        help_text="Failed ÷ finished of the last 30 days, in basis points; 0 if none finished.",
    )


class OwedOutput(Output):
    """What is owed and not sent, in one currency."""

    currency = serializers.CharField(
        source="to_creators.currency", help_text="ISO 4217 currency of all amounts beside it."
    )
    owed_to_creators = serializers.IntegerField(
        source="to_creators.amount",
        min_value=0,
        help_text="Minor units: net that creators earned and no payout has claimed yet.",
    )
    owed_by_creators = serializers.IntegerField(
        source="by_creators.amount",
        min_value=0,
        help_text="Minor units: what creators owe back, as their refunds exceed what they earned; a positive figure.",
    )
    reserved_for_payouts = serializers.IntegerField(
        source="reserved.amount",
        help_text="Minor units: net in payouts that are made and that Stripe has not taken yet.",
    )


class AnalyticsOutput(Output):
    """How the platform does, as of now."""

    revenue_history = RevenueOutput(
        many=True,
        help_text="The last `months` months, newest first, with zeros for a month without sales: each in the "
        "platform's own currency, and in every other in which anything was sold or paid in this time.",
    )
    account_stats = AccountStatsOutput(help_text="Creators, and their Stripe accounts by status.")
    payout_stats = PayoutStatsOutput(help_text="Payouts by state, and how many fail.")
    pending_amounts = OwedOutput(
        many=True, help_text="What is owed and not sent, by currency, as the books say."
    )
    earnings_lag_seconds = serializers.IntegerField(
        min_value=0,
        help_text="Age of the oldest accepted billing record that waits to be in the figures; 0 if none does.",
    )


REVENUE = {
    "month": "2026-10",
    "currency": "USD",
    "total_gross_revenue": 12_345_600,
    "total_platform_fees": 2_469_120,
    "total_creator_earnings": 9_876_480,
    "total_creator_payouts": 8_410_075,
    "total_transactions": 4_211,
    "total_api_calls": 9_120_334,
    "active_subscriptions": 1_870,
    "take_rate_bps": 2_000,
}
ANALYTICS = {
    "revenue_history": [REVENUE],
    "account_stats": {
        "creators": 412,
        "not_created": 1,
        "pending": 12,
        "onboarding": 4,
        "active": 371,
        "restricted": 9,
        "disabled": 2,
    },
    "payout_stats": {
        "by_status": [
            {"status": "in_transit", "currency": "USD", "count": 14, "net_amount": 402_950},
            {"status": "paid", "currency": "USD", "count": 2_208, "net_amount": 61_004_117},
        ],
        "finished_30_days": 352,
        "failed_30_days": 3,
        "failed_rate_bps": 85,
    },
    "pending_amounts": [
        {
            "currency": "USD",
            "owed_to_creators": 9_010_330,
            "owed_by_creators": 12_400,
            "reserved_for_payouts": 0,
        }
    ],
    "earnings_lag_seconds": 4,
}


class Revenue(PlatformEndpoint):
    queries = {"retrieve": RevenueInput}

    @extend_schema(
        operation_id="get_platform_revenue",
        tags=TAGS,
        summary="What the platform earned in a month",
        description="One month of the platform in one currency. A month without anything is all zeros.",
        parameters=[RevenueInput],
        responses=RevenueOutput,
        examples=[OpenApiExample("October 2026", REVENUE, response_only=True)],
    )
    def retrieve(self, request: Request) -> Response:
        month = self.query.get("month") or month_of(sql.now()).start
        currency = self.query.get("currency", settings.DEFAULT_CURRENCY)
        return Response(RevenueOutput(selectors.month_in(currency, month=month)).data)


class Analytics(PlatformEndpoint):
    queries = {"retrieve": AnalyticsInput}

    @extend_schema(
        operation_id="get_platform_analytics",
        tags=TAGS,
        summary="How the platform does",
        description="Revenue by month, Stripe accounts and payouts by status, what is owed, and whether earnings "
        "keep up. All figures are as of now, and the same as on the console's home.",
        parameters=[AnalyticsInput],
        responses=AnalyticsOutput,
        examples=[OpenApiExample("One month back", ANALYTICS, response_only=True)],
    )
    def retrieve(self, request: Request) -> Response:
        now = sql.now()
        outcomes = payouts.recent_outcomes(now=now)
        figures = {
            "revenue_history": selectors.history(months=self.query["months"], now=now),
            "account_stats": {"creators": accounts.count_creators()} | accounts.accounts_by_status(),
            "payout_stats": {
                "by_status": payouts.totals_by_status(now=now),
                "finished_30_days": outcomes.finished,
                "failed_30_days": outcomes.failed,
                "failed_rate_bps": outcomes.failed_bps,
            },
            "pending_amounts": ledger.owed(),
            "earnings_lag_seconds": int(earnings.unposted().lag.total_seconds()),
        }
        return Response(AnalyticsOutput(figures).data)


urlpatterns = [
    path("platform/revenue", Revenue.as_view({"get": "retrieve"})),
    path("platform/analytics", Analytics.as_view({"get": "retrieve"})),
]
