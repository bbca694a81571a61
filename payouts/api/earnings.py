"""`/earnings`: what a creator earned, in total, by API and by month."""

from datetime import date
from typing import Any

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.endpoints import CreatorEndpoint
from database import (
    paths,  # noqa: F401 (registers the converter)
    sql,
)
from database.fields import EXTERNAL_ID_CHARACTERS
from earnings.selectors import unposted
from payouts import selectors
from web.inputs import CurrencyField, Input, MonthField
from web.outputs import Output, WrittenMonth

TAGS = ["Earnings"]
API_ID = OpenApiParameter(
    "apiId",
    {"type": "string", "pattern": f"^{EXTERNAL_ID_CHARACTERS}$"},
    OpenApiParameter.PATH,
    description="The marketplace's id of the API.",
)


class EarningsInput(Input):
    currency = CurrencyField(
        required=False,
        help_text="Currency of all amounts. Defaults to the platform's, unless everything was earned in others.",
    )


class ApiEarningsInput(EarningsInput):
    # `from` is a Python keyword.
    vars()["from"] = MonthField(required=False, help_text="First month of `months` (inclusive): `YYYY-MM`.")
    to = MonthField(required=False, help_text="Last month of `months` (inclusive): `YYYY-MM`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("from", date.min) > attrs.get("to", date.max):
            raise serializers.ValidationError({"to": "This must not be before `from`."})
        return attrs


class FiguresOutput(Output):
    """What was earned, in one currency."""

    currency = serializers.CharField(help_text="ISO 4217 currency of all amounts in this object.")
    current_month_gross = serializers.IntegerField(
        help_text="Charges this month (UTC) less refunds and chargebacks, in minor units."
    )
    current_month_net = serializers.IntegerField(
        help_text="The creator's share of this month's gross, in minor units."
    )
    lifetime_gross = serializers.IntegerField(
        help_text="All charges less refunds and chargebacks, in minor units."
    )
    lifetime_net = serializers.IntegerField(help_text="Gross less platform fee, in minor units.")
    lifetime_platform_fee = serializers.IntegerField(
        help_text="The platform's commission on gross, in minor units."
    )
    lifetime_payouts = serializers.IntegerField(
        help_text="The part of `lifetime_net` that has been paid out, in minor units."
    )
    pending_payout = serializers.IntegerField(
        help_text="`lifetime_net` less `lifetime_payouts`, in minor units. Negative if the creator owes the platform."
    )


class EarningsSummaryOutput(FiguresOutput):
    """What a creator earned in total, in one currency."""

    total_apis = serializers.IntegerField(
        min_value=0,
        help_text="Number of APIs that the creator owns, has owned or earned from, in any currency.",
    )


class ApiFiguresOutput(FiguresOutput):
    """What one API earned a creator, in one currency."""

    api_id = serializers.CharField(help_text="The marketplace's id of the API.")
    api_name = serializers.CharField(
        allow_null=True, help_text="The API's name; null if the marketplace has none."
    )
    last_updated = serializers.DateTimeField(
        allow_null=True,
        help_text="When a billing record was last added to these amounts; null if there is none.",
    )


class ApiFiguresPageOutput(Output):
    """A page of APIs."""

    count = serializers.IntegerField(min_value=0, help_text="Number of APIs on all pages.")
    next = serializers.URLField(allow_null=True, help_text="URL of the next page.")
    previous = serializers.URLField(allow_null=True, help_text="URL of the previous page.")
    results = ApiFiguresOutput(many=True, help_text="The APIs, last registered first.")


@extend_schema_serializer(many=False)
class EarningsOutput(Output):
    """What a creator earned, in total and by API."""

    summary = EarningsSummaryOutput(help_text="Everything earned in this currency, including adjustments.")
    currencies = serializers.ListField(
        child=serializers.CharField(), help_text="All currencies with earnings."
    )
    earnings_lag_seconds = serializers.IntegerField(
        min_value=0,
        help_text="Age of the oldest accepted billing record not yet in these amounts, in seconds; 0 if there is none.",
    )
    earnings = ApiFiguresPageOutput(help_text="The creator's APIs, and what each one earned.")


class MonthOutput(Output):
    """What one API earned a creator in one month."""

    month = WrittenMonth(help_text="Month of the sales (UTC): `YYYY-MM`.")
    currency = serializers.CharField(help_text="ISO 4217 currency of the amounts in this object.")
    gross = serializers.IntegerField(help_text="Charges less refunds and chargebacks, in minor units.")
    platform_fee = serializers.IntegerField(help_text="The platform's commission on gross, in minor units.")
    net = serializers.IntegerField(help_text="Gross less platform fee, in minor units.")
    refunds = serializers.IntegerField(
        help_text="Refunds and chargebacks less reversals, in minor units; positive, already deducted from `gross`."
    )
    transactions = serializers.IntegerField(min_value=0, help_text="Number of charges.")
    api_calls = serializers.IntegerField(min_value=0, help_text="API calls that the charges are for.")


class ApiEarningsOutput(ApiFiguresOutput):
    """What one API earned a creator, in total and by month."""

    currencies = serializers.ListField(
        child=serializers.CharField(),
        help_text="All currencies in which this API earned the creator anything.",
    )
    months = MonthOutput(
        many=True, help_text="Months with sales, newest first. `from` and `to` filter only these."
    )


class Earnings(CreatorEndpoint):
    queries = {"list": EarningsInput, "retrieve": ApiEarningsInput}
    filter_backends = []

    @extend_schema(
        operation_id="list_earnings",
        tags=TAGS,
        summary="List earnings",
        description="What the creator earned in one currency, in total and by API. Billing records count within "
        "seconds of their arrival. No payment account is needed.",
        parameters=[
            EarningsInput,
            OpenApiParameter(
                "page", {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}, description="Page number."
            ),
            OpenApiParameter(
                "page_size",
                {"type": "integer", "minimum": 1, "maximum": 100},
                description="Number of APIs per page.",
            ),
        ],
        responses=EarningsOutput,
    )
    def list(self, request: Request) -> Response:
        waiting = unposted()
        standing = selectors.standing_of(self.creator_id, now=waiting.as_of)
        if not standing.apis:
            _ = self.creator  # a creator without APIs may be new: this creates them
        currencies = list(standing.totals)
        currency = selectors.pick_currency(currencies, requested=self.query.get("currency"))
        page = self.paginate_queryset(standing.apis)
        total = FiguresOutput(standing.in_currency(currency)).data
        return Response(
            EarningsOutput(
                {
                    "summary": {**total, "total_apis": len(standing.apis)},
                    "currencies": currencies,
                    "earnings_lag_seconds": int(waiting.lag.total_seconds()),
                    "earnings": self.get_paginated_response(
                        [api.in_currency(currency) for api in page or ()]
                    ).data,
                }
            ).data
        )

    @extend_schema(
        operation_id="get_api_earnings",
        tags=TAGS,
        summary="Retrieve an API's earnings",
        description="What one API earned the creator in one currency, in total and by month. A former owner sees what "
        "it earned while they owned it.",
        parameters=[API_ID, ApiEarningsInput],
        responses=ApiEarningsOutput,
    )
    def retrieve(self, request: Request, apiId: str) -> Response:  # noqa: N803 (named in the address)
        api = selectors.api_standing_of(self.creator_id, api_id=apiId, now=sql.now())
        if api is None:
            raise Http404
        currencies = list(api.figures)
        currency = selectors.pick_currency(currencies, requested=self.query.get("currency"))
        months = selectors.months_of(
            self.creator_id,
            api_id=apiId,
            currency=currency,
            first=self.query.get("from", date.min),
            last=self.query.get("to", date.max),
        )
        figures = ApiFiguresOutput(api.in_currency(currency)).data
        return Response(ApiEarningsOutput({**figures, "currencies": currencies, "months": months}).data)


urlpatterns = [
    path("earnings", Earnings.as_view({"get": "list"})),
    path("earnings/<external_id:apiId>", Earnings.as_view({"get": "retrieve"})),
]
