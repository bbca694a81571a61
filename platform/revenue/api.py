"""`/platform`: the platform's revenue and payout figures, for its staff."""

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
        required=False, help_text="Month (UTC): `YYYY-MM`. Defaults to the current month so far."
    )
    currency = CurrencyField(required=False, help_text="Currency of all amounts. Defaults to the platform's.")


class AnalyticsInput(Input):
    months = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_HISTORY,
        default=12,
        help_text="Number of months in `revenue_history`, including the current one.",
    )


class RevenueOutput(Output):
    """The platform's figures for one month and currency."""

    month = WrittenMonth(help_text="Month (UTC): `YYYY-MM`.")
    currency = serializers.CharField(help_text="ISO 4217 currency of all amounts in this object.")
    total_gross_revenue = serializers.IntegerField(
        help_text="Charges less refunds and chargebacks, in minor units, by the time of the sale. Restated when late "
        "records arrive."
    )
    total_platform_fees = serializers.IntegerField(
        help_text="The platform's commission on the gross, in minor units: the sum of each creator's rounded fees."
    )
    total_creator_earnings = serializers.IntegerField(
        help_text="The creators' share: gross less platform fees, in minor units."
    )
    total_creator_payouts = serializers.IntegerField(
        help_text="Payouts paid in the month less payouts that came back in it, in minor units, whichever months they "
        "pay for. Can be negative."
    )
    total_transactions = serializers.IntegerField(min_value=0, help_text="Number of charges in the month.")
    total_api_calls = serializers.IntegerField(min_value=0, help_text="API calls that these charges are for.")
    active_subscriptions = serializers.IntegerField(
        min_value=0,
        help_text="Number of distinct subscriptions charged; a subscription's id is unique within its source.",
    )
    take_rate_bps = serializers.IntegerField(
        allow_null=True,
        help_text="Platform fees ÷ gross, in basis points (2000 is 20%). Null if that isn't a share: nothing was "
        "sold, or refunds of sales at another rate make the fees exceed the gross or have the opposite sign.",
    )


class AccountStatsOutput(Output):
    """Number of creators, and of their Stripe accounts by status."""

    creators = serializers.IntegerField(min_value=0, help_text="All creators, with or without an account.")
    not_created = serializers.IntegerField(
        min_value=0, help_text="Accounts whose onboarding has started and that Stripe hasn't created yet."
    )
    pending = serializers.IntegerField(
        min_value=0, help_text="Accounts whose creator hasn't submitted anything yet."
    )
    onboarding = serializers.IntegerField(min_value=0, help_text="Accounts that Stripe is verifying.")
    active = serializers.IntegerField(min_value=0, help_text="Accounts that can be paid.")
    restricted = serializers.IntegerField(
        min_value=0,
        help_text="Accounts that can't be paid until their creator provides what Stripe requires.",
    )
    disabled = serializers.IntegerField(min_value=0, help_text="Accounts that Stripe rejected.")


class PayoutTotalsOutput(Output):
    """The payouts with one status and currency."""

    status = serializers.ChoiceField(PayoutStatus.choices, help_text="Current status of these payouts.")
    currency = serializers.CharField(source="net.currency", help_text="ISO 4217 currency of these payouts.")
    count = serializers.IntegerField(min_value=1, help_text="Number of payouts.")
    net_amount = serializers.IntegerField(
        source="net.amount", min_value=1, help_text="Total net amount, in minor units."
    )


class PayoutStatsOutput(Output):
    """Payouts by status, and how many fail."""

    by_status = PayoutTotalsOutput(
        many=True,
        help_text="All payouts of all time, by status and currency; combinations without payouts are left out.",
    )
    finished_30_days = serializers.IntegerField(
        min_value=0,
        help_text="Payouts that were paid, failed, cancelled or reversed in the last 30 days, and still are.",
    )
    failed_30_days = serializers.IntegerField(min_value=0, help_text="How many of those failed.")
    failed_rate_bps = serializers.IntegerField(
        min_value=0,
        max_value=10_000,
        help_text="Failed ÷ finished in the last 30 days, in basis points; 0 if none finished.",
    )


class OwedOutput(Output):
    """What is owed and not yet sent, in one currency."""

    currency = serializers.CharField(
        source="to_creators.currency", help_text="ISO 4217 currency of all amounts in this object."
    )
    owed_to_creators = serializers.IntegerField(
        source="to_creators.amount",
        min_value=0,
        help_text="Net earnings that no payout has claimed yet, in minor units.",
    )
    owed_by_creators = serializers.IntegerField(
        source="by_creators.amount",
        min_value=0,
        help_text="What creators owe because refunds exceed their earnings, in minor units; a positive amount.",
    )
    reserved_for_payouts = serializers.IntegerField(
        source="reserved.amount",
        help_text="Net amount of payouts not yet sent to Stripe, in minor units.",
    )


class AnalyticsOutput(Output):
    """The platform's figures, as of now."""

    revenue_history = RevenueOutput(
        many=True,
        help_text="The last `months` months, newest first, with zeros for months without sales: in the platform's "
        "currency, and in every other in which anything was sold or paid in this time.",
    )
    account_stats = AccountStatsOutput(help_text="Creators, and their Stripe accounts by status.")
    payout_stats = PayoutStatsOutput(help_text="Payouts by state, and how many fail.")
    pending_amounts = OwedOutput(
        many=True, help_text="What is owed and not yet sent, by currency, according to the books."
    )
    earnings_lag_seconds = serializers.IntegerField(
        min_value=0,
        help_text="Age of the oldest accepted billing record not yet in these amounts, in seconds; 0 if there is none.",
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
        summary="Retrieve a month's revenue",
        description="The platform's figures for one month and currency. A month without activity is all zeros.",
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
        summary="Retrieve platform analytics",
        description="Revenue by month, Stripe accounts and payouts by status, what is owed, and how far "
        "earnings lag behind. All figures are as of now, and match the console's home page.",
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
