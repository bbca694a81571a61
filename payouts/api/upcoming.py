"""`/payouts/upcoming`: when a creator will be paid, how much, and what blocks it."""

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.endpoints import CreatorEndpoint
from database import sql
from payouts import selectors
from payouts.explanations import BLOCKER_CODES, explain_blocker
from web.inputs import CurrencyField, Input
from web.outputs import Output

TAGS = ["Payouts"]
EXAMPLE = OpenApiExample(
    "Not payable yet",
    value={
        "currency": "USD",
        "next_payout_date": "2026-12-01",
        "next_payout_amount": 1800,
        "minimum_payout_amount": 2500,
        "shortfall": 700,
        "period_start": "2026-11-01",
        "period_end": "2026-12-01",
        "eligible": False,
        "blockers": [explain_blocker("below_minimum")._asdict()],
    },
    response_only=True,
)


class UpcomingInput(Input):
    currency = CurrencyField(
        required=False,
        help_text="Currency of the payout. Defaults to the platform's, unless everything was earned in others.",
    )


class BlockerOutput(Output):
    """Something that blocks the next payout."""

    code = serializers.ChoiceField(choices=BLOCKER_CODES, help_text="Stable identifier of the blocker.")
    message = serializers.CharField(help_text="What blocks the payout, in a sentence for the creator.")
    action = serializers.CharField(help_text="What the creator can do about it.")


class UpcomingOutput(Output):
    """The next payout if nothing more were sold."""

    currency = serializers.CharField(help_text="ISO 4217 currency of all amounts in this object.")
    next_payout_date = serializers.DateField(source="day", help_text="Day (UTC) of the next payouts.")
    next_payout_amount = serializers.IntegerField(
        source="unclaimed_net",
        help_text="All net earnings not in a payout yet, in minor units; negative if the creator owes the platform.",
    )
    minimum_payout_amount = serializers.IntegerField(
        source="minimum",
        min_value=1,
        allow_null=True,
        help_text="The minimum payout, in minor units; null if no payouts are made in this currency.",
    )
    shortfall = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="How far earnings before `period_end`, less later debts, are below the minimum, in minor units; 0 if "
        "they reach it.",
    )
    period_start = serializers.DateField(
        source="period.start", help_text="First day (UTC) of the period whose earnings would be paid."
    )
    period_end = serializers.DateField(
        source="period.end", help_text="Day (UTC) on which that period ends (exclusive)."
    )
    eligible = serializers.BooleanField(help_text="Whether nothing blocks the payout now.")
    blockers = BlockerOutput(
        source="explained_blockers", many=True, help_text="Everything that blocks the payout."
    )


class UpcomingPayout(CreatorEndpoint):
    queries = {"retrieve": UpcomingInput}

    @extend_schema(
        operation_id="get_upcoming_payout",
        tags=TAGS,
        summary="Retrieve the upcoming payout",
        description="The next payout if nothing more were sold, and everything that blocks it. The rules are those by "
        "which payouts are made.",
        parameters=[UpcomingInput],
        responses=UpcomingOutput,
        examples=[EXAMPLE],
    )
    def retrieve(self, request: Request) -> Response:
        upcoming = selectors.upcoming_of(self.creator.pk, requested=self.query.get("currency"), now=sql.now())
        return Response(UpcomingOutput(upcoming).data)


urlpatterns = [path("payouts/upcoming", UpcomingPayout.as_view({"get": "retrieve"}))]
