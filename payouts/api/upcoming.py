"""`/payouts/upcoming`: when a creator will be paid, how much, and what stands in the way."""

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
        help_text="Currency of the payout. By default the platform's own, unless everything was earned in others.",
    )


class BlockerOutput(Output):
    """What stands in the way of the next payout."""

    code = serializers.ChoiceField(choices=BLOCKER_CODES, help_text="Which blocker it is; it never changes.")
    message = serializers.CharField(help_text="What stands in the way, in a sentence for the creator.")
    action = serializers.CharField(help_text="What the creator can do about it.")


class UpcomingOutput(Output):
    """The next payout, as it would be if nothing more were sold."""

    currency = serializers.CharField(help_text="ISO 4217 currency of all amounts beside it.")
    next_payout_date = serializers.DateField(
        source="day", help_text="Day (UTC) on which the next payouts are made."
    )
    next_payout_amount = serializers.IntegerField(
        source="unclaimed_net",
        help_text="Minor units: all net earnings that are in no payout now; negative if the creator owes the platform.",
    )
    minimum_payout_amount = serializers.IntegerField(
        source="minimum",
        min_value=1,
        allow_null=True,
        help_text="Minor units: the smallest payout that is made; null if none is made in this currency.",
    )
    shortfall = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="Minor units: what the earnings before `period_end` lack to the minimum; 0 if nothing.",
    )
    period_start = serializers.DateField(
        source="period.start", help_text="First day (UTC) of the earnings that would be paid."
    )
    period_end = serializers.DateField(
        source="period.end", help_text="Day (UTC) before which they were earned; exclusive."
    )
    eligible = serializers.BooleanField(help_text="Whether nothing stands in the way as things are now.")
    blockers = BlockerOutput(
        source="explained_blockers", many=True, help_text="Everything that stands in the way."
    )


class UpcomingPayout(CreatorEndpoint):
    queries = {"retrieve": UpcomingInput}

    @extend_schema(
        operation_id="get_upcoming_payout",
        tags=TAGS,
        summary="When and how much will be paid next",
        description="The next payout as it would be if nothing more were sold, and whatever stands in its way: by the "
        "same rules by which payouts are made.",
        parameters=[UpcomingInput],
        responses=UpcomingOutput,
        examples=[EXAMPLE],
    )
    def retrieve(self, request: Request) -> Response:
        upcoming = selectors.upcoming_of(self.creator.pk, asked=self.query.get("currency"), now=sql.now())
        return Response(UpcomingOutput(upcoming).data)


urlpatterns = [path("payouts/upcoming", UpcomingPayout.as_view({"get": "retrieve"}))]
