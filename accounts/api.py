"""`/api/v1/accounts`: a creator's way onto Stripe, and what Stripe says of them."""

from django.urls import path
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors
from accounts.callback import OnboardingReturn
from accounts.endpoints import CreatorEndpoint
from accounts.models import AccountStatus
from accounts.services import onboarding
from database import sql
from web.inputs import CountryField, Input
from web.outputs import Output

TAGS = ["Accounts"]
NO_STORE = {"Cache-Control": "no-store"}
BUSINESS_TYPES = ["individual", "company", "non_profit", "government_entity"]


class OnboardingInput(Input):
    """Where the creator is paid, and as what; used when the account is opened."""

    country = CountryField(
        required=False,
        help_text="Where the creator lives or the company is registered, as an ISO 3166-1 alpha-2 code. Without "
        "it the creator's known country, or else the platform's. It can't change once the account exists.",
    )
    business_type = serializers.ChoiceField(
        BUSINESS_TYPES,
        required=False,
        help_text="What the creator is; fills in the first field of Stripe's form for a new account.",
    )


class OnboardingOutput(Output):
    """The way to Stripe's form."""

    onboarding_url = serializers.URLField(
        help_text="Stripe's form. Send the creator's browser there at once: it is good for one visit.",
        source="url",
    )
    expires_at = serializers.DateTimeField(
        help_text="When the link stops working, in UTC; within minutes. An expired one leads to a new one by itself."
    )


class RequirementsOutput(Output):
    """What Stripe asks, by the names of its fields, such as `external_account`."""

    currently_due = serializers.ListField(
        child=serializers.CharField(),
        help_text="Fields that Stripe needs by `current_deadline`.",
    )
    past_due = serializers.ListField(
        child=serializers.CharField(),
        help_text="Fields whose deadline has passed: they restrict the account.",
    )
    eventually_due = serializers.ListField(
        child=serializers.CharField(), help_text="Fields that Stripe will need at some time."
    )
    pending_verification = serializers.ListField(
        child=serializers.CharField(), help_text="Fields that Stripe is verifying: nothing to do but wait."
    )
    disabled_reason = serializers.CharField(
        allow_null=True, help_text="Why Stripe does not pay out, by its code; null when it does."
    )
    current_deadline = serializers.DateTimeField(
        allow_null=True, help_text="Until when `currently_due` is needed, in UTC; null without a deadline."
    )


class AccountOutput(Output):
    """How far the creator's Stripe account is."""

    has_account = serializers.BooleanField(help_text="Whether there is a Stripe account.")
    status = serializers.ChoiceField(
        AccountStatus.choices,
        help_text="`not_created`: onboarding has not begun. `pending`: Stripe waits for details. `onboarding`: "
        "Stripe verifies them. `active`: can be paid. `restricted`: Stripe waits for the creator. `disabled`: "
        "rejected by Stripe, or gone.",
    )
    details_submitted = serializers.BooleanField(help_text="Whether Stripe's form was filled in to its end.")
    charges_enabled = serializers.BooleanField(
        help_text="Whether the account could take card payments; payouts don't need it."
    )
    payouts_enabled = serializers.BooleanField(help_text="Whether Stripe pays out to the creator's bank.")
    requirements = RequirementsOutput(help_text="What Stripe asks of the creator.")
    country = serializers.CharField(
        allow_null=True, help_text="The account's country, ISO 3166-1 alpha-2; null without an account."
    )
    default_currency = serializers.CharField(
        allow_null=True, help_text="The currency the bank is paid in, ISO 4217; null without an account."
    )
    created_at = serializers.DateTimeField(
        allow_null=True, help_text="When onboarding began here, in UTC; null without an account."
    )
    gone_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When Stripe said, in UTC, that the account was closed or disconnected: onboarding then opens a "
        "new one, and what is owed is paid there. Null while the account is there.",
    )
    cooling_down_until = serializers.DateTimeField(
        allow_null=True,
        help_text="Until when payouts wait, in UTC, as the account or its bank account was changed: time for the "
        "creator to object if it was somebody else. Null if nothing was changed lately.",
    )


class DashboardOutput(Output):
    """The way to the Express dashboard."""

    dashboard_url = serializers.URLField(
        help_text="The creator's Stripe Express dashboard. Send the browser there at once: it is good for one visit."
    )


class Onboarding(CreatorEndpoint):
    throttle_scope = "links"

    @extend_schema(
        operation_id="start_onboarding",
        summary="Begin or continue onboarding at Stripe",
        description="Opens a Stripe account for the creator where there is none, or none any more (one, however "
        "often this is called), and returns a new link to Stripe's form.",
        tags=TAGS,
        request=OnboardingInput,
        responses={
            200: OnboardingOutput,
            409: OpenApiResponse(
                description="`already_active`, `account_rejected`, `country_fixed`, `stripe_account_gone`."
            ),
            422: OpenApiResponse(description="`country_not_supported`: Stripe opens no accounts there."),
        },
        examples=[
            OpenApiExample(
                "An individual in Germany",
                {"country": "DE", "business_type": "individual"},
                request_only=True,
            ),
            OpenApiExample(
                "A link",
                {
                    "onboarding_url": "https://connect.stripe.com/setup/e/acct_1Mt0CORHFI4mz9Rw/TqckGNUHg2mG",
                    "expires_at": "2026-11-01T09:05:00Z",
                },
                response_only=True,
            ),
        ],
    )
    def create(self, request: Request) -> Response:
        given = OnboardingInput(data=request.data)
        given.is_valid(raise_exception=True)
        link = onboarding.start_onboarding(
            self.creator,
            country=given.validated_data.get("country", ""),
            business_type=given.validated_data.get("business_type", ""),
            now=sql.now(),
        )
        return Response(OnboardingOutput(link).data, headers=NO_STORE)


class Status(CreatorEndpoint):
    @extend_schema(
        operation_id="get_account_status",
        summary="Look up how far the creator's account is",
        description="As Stripe last told; it tells each change, and is asked when the creator returns from its form.",
        tags=TAGS,
        responses={200: AccountOutput},
        examples=[
            OpenApiExample(
                "An account that waits for a bank account",
                {
                    "has_account": True,
                    "status": "pending",
                    "details_submitted": False,
                    "charges_enabled": False,
                    "payouts_enabled": False,
                    "requirements": {
                        "currently_due": ["external_account"],
                        "past_due": [],
                        "eventually_due": ["external_account"],
                        "pending_verification": [],
                        "disabled_reason": "requirements.past_due",
                        "current_deadline": None,
                    },
                    "country": "DE",
                    "default_currency": "EUR",
                    "created_at": "2026-11-01T09:00:00Z",
                    "gone_at": None,
                    "cooling_down_until": None,
                },
            )
        ],
    )
    def retrieve(self, request: Request) -> Response:
        return Response(AccountOutput(selectors.account_standing(self.creator.pk)).data)


class Dashboard(CreatorEndpoint):
    throttle_scope = "links"

    @extend_schema(
        operation_id="get_dashboard_link",
        summary="Open the creator's Stripe dashboard",
        description="Returns a link to the Express dashboard, where details and bank account are changed.",
        tags=TAGS,
        responses={
            200: DashboardOutput,
            404: OpenApiResponse(description="`no_payment_account`: onboarding has not begun."),
            409: OpenApiResponse(description="`onboarding_incomplete`, `stripe_account_gone`."),
        },
        examples=[
            OpenApiExample(
                "A link",
                {"dashboard_url": "https://connect.stripe.com/express/acct_1032D82eZvKYlo2C/F44eiGHh5sEV"},
            )
        ],
    )
    def retrieve(self, request: Request) -> Response:
        url = onboarding.open_dashboard(self.creator, now=sql.now())
        return Response(DashboardOutput({"dashboard_url": url}).data, headers=NO_STORE)


urlpatterns = [
    path("accounts/onboard", Onboarding.as_view({"post": "create"})),
    path("accounts/onboard/callback", OnboardingReturn.as_view({"get": "retrieve"})),
    path("accounts/status", Status.as_view({"get": "retrieve"})),
    path("accounts/dashboard", Dashboard.as_view({"get": "retrieve"})),
]
