"""`/earnings`: what a creator earned, in all, by API and by month."""

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
        help_text="Currency of all figures. By default the platform's own, unless everything was earned in others.",
    )


class ApiEarningsInput(EarningsInput):
    # `from` is a word of Python's.
    vars()["from"] = MonthField(required=False, help_text="First month of `months`, included: `YYYY-MM`.")
    to = MonthField(required=False, help_text="Last month of `months`, included: `YYYY-MM`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("from", date.min) > attrs.get("to", date.max):
            raise serializers.ValidationError({"to": "This is before `from`."})
        return attrs


class FiguresOutput(Output):
    """What was earned, in one currency."""

    currency = serializers.CharField(help_text="ISO 4217 currency of all amounts beside it.")
    current_month_gross = serializers.IntegerField(
        help_text="Minor units: what customers were charged this month (UTC), less refunds and chargebacks."
    )
    current_month_net = serializers.IntegerField(
        help_text="Minor units: the creator's share of this month's gross."
    )
    lifetime_gross = serializers.IntegerField(
        help_text="Minor units: what customers were ever charged, less refunds and chargebacks."
    )
    lifetime_net = serializers.IntegerField(help_text="Minor units: gross less platform fee.")
    lifetime_platform_fee = serializers.IntegerField(
        help_text="Minor units: the platform's commission on gross."
    )
    lifetime_payouts = serializers.IntegerField(
        help_text="Minor units: the part of `lifetime_net` that is in payouts which are paid."
    )
    pending_payout = serializers.IntegerField(
        help_text="Minor units: `lifetime_net` less `lifetime_payouts`; negative if the creator owes the platform."
    )


class EarningsSummaryOutput(FiguresOutput):
    """What a creator earned in all, in one currency."""

    total_apis = serializers.IntegerField(
        min_value=0, help_text="How many APIs the creator owns, owned, or earned from, in whatever currency."
    )


class ApiFiguresOutput(FiguresOutput):
    """What one API earned a creator, in one currency."""

    api_id = serializers.CharField(help_text="The marketplace's id of the API.")
    api_name = serializers.CharField(
        allow_null=True, help_text="Its name; null if the marketplace gave none."
    )
    last_updated = serializers.DateTimeField(
        allow_null=True, help_text="When a billing record was last added to these figures; null if none was."
    )


class ApiFiguresPageOutput(Output):
    """A page of APIs."""

    count = serializers.IntegerField(min_value=0, help_text="How many APIs there are on all pages.")
    next = serializers.URLField(allow_null=True, help_text="Address of the next page.")
    previous = serializers.URLField(allow_null=True, help_text="Address of the page before.")
    results = ApiFiguresOutput(many=True, help_text="The API that was registered last comes first.")


@extend_schema_serializer(many=False)
class EarningsOutput(Output):
    """What a creator earned, in all and by API."""

    summary = EarningsSummaryOutput(
        help_text="All that was earned in this currency; adjustments are included."
    )
    currencies = serializers.ListField(
        child=serializers.CharField(), help_text="Each currency in which anything was earned."
    )
    earnings_lag_seconds = serializers.IntegerField(
        min_value=0,
        help_text="Age of the oldest accepted billing record that waits to be in the figures; 0 if none does.",
    )
    earnings = ApiFiguresPageOutput(help_text="The APIs and what each of them earned this creator.")


class MonthOutput(Output):
    """What one API earned a creator in one month."""

    month = WrittenMonth(help_text="Month of the sales (UTC): `YYYY-MM`.")
    currency = serializers.CharField(help_text="ISO 4217 currency of the amounts beside it.")
    gross = serializers.IntegerField(
        help_text="Minor units: what customers were charged, less refunds and chargebacks."
    )
    platform_fee = serializers.IntegerField(help_text="Minor units: the platform's commission on gross.")
    net = serializers.IntegerField(help_text="Minor units: gross less platform fee.")
    refunds = serializers.IntegerField(
        help_text="Minor units: refunds and chargebacks less their reversals; positive, and inside `gross` already."
    )
    transactions = serializers.IntegerField(min_value=0, help_text="Number of charges.")
    api_calls = serializers.IntegerField(min_value=0, help_text="API calls of the charges.")


class ApiEarningsOutput(ApiFiguresOutput):
    """What one API earned a creator, in all and by month."""

    currencies = serializers.ListField(
        child=serializers.CharField(),
        help_text="Each currency in which this API earned the creator anything.",
    )
    months = MonthOutput(
        many=True, help_text="Each month with sales, newest first; `from` and `to` narrow these only."
    )


class Earnings(CreatorEndpoint):
    queries = {"list": EarningsInput, "retrieve": ApiEarningsInput}
    filter_backends = []

    @extend_schema(
        operation_id="list_earnings",
        tags=TAGS,
        summary="What was earned",
        description="What the creator earned in one currency: in all, and by API. Billing records count within "
        "seconds of their arrival. It needs no payment account.",
        parameters=[
            EarningsInput,
            OpenApiParameter(
                "page", {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}, description="Page of APIs."
            ),
            OpenApiParameter(
                "page_size", {"type": "integer", "minimum": 1, "maximum": 100}, description="APIs on a page."
            ),
        ],
        responses=EarningsOutput,
    )
    def list(self, request: Request) -> Response:
        waiting = unposted()
        standing = selectors.standing_of(self.creator_id, now=waiting.as_of)
        if not standing.apis:
            _ = self.creator  # who has an API is known; all others may be here for the first time
        currencies = list(standing.totals)
        currency = selectors.pick_currency(currencies, asked=self.query.get("currency"))
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
        summary="What one API earned",
        description="What one API earned this creator, in one currency, and by month. Who owned it once sees what it "
        "earned in that time.",
        parameters=[API_ID, ApiEarningsInput],
        responses=ApiEarningsOutput,
    )
    def retrieve(self, request: Request, apiId: str) -> Response:  # noqa: N803 (named in the address)
        api = selectors.api_standing_of(self.creator_id, api_id=apiId, now=sql.now())
        if api is None:
            raise Http404
        currencies = list(api.figures)
        currency = selectors.pick_currency(currencies, asked=self.query.get("currency"))
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
