"""`/api/v1/accounts`: onboarding at Stripe, and the state of the creator's Stripe account."""

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
    """The account's country and business type; used only when the account is opened."""

    country = CountryField(
        required=False,
        help_text="Where the creator lives or the company is registered, as an ISO 3166-1 alpha-2 code. Defaults to "
        "the creator's country, then to the platform's. It can't change once the account exists.",
    )
    business_type = serializers.ChoiceField(
        BUSINESS_TYPES,
        required=False,
        help_text="The creator's business type. Prefills the first field of Stripe's form for a new account.",
    )


class OnboardingOutput(Output):
    """A link to Stripe's onboarding form."""

    onboarding_url = serializers.URLField(
        help_text="Stripe's onboarding form. Redirect the creator's browser there right away: the link works once.",
        source="url",
    )
    expires_at = serializers.DateTimeField(
        help_text="When the link expires, in UTC; within minutes. An expired link redirects to a new one."
    )


class RequirementsOutput(Output):
    """What Stripe requires, by Stripe's field names, such as `external_account`."""

    currently_due = serializers.ListField(
        child=serializers.CharField(),
        help_text="Fields that Stripe needs by `current_deadline`.",
    )
    past_due = serializers.ListField(
        child=serializers.CharField(),
        help_text="Fields whose deadline has passed. They restrict the account.",
    )
    eventually_due = serializers.ListField(
        child=serializers.CharField(), help_text="Fields that Stripe will need eventually."
    )
    pending_verification = serializers.ListField(
        child=serializers.CharField(),
        help_text="Fields that Stripe is verifying. The creator only has to wait.",
    )
    disabled_reason = serializers.CharField(
        allow_null=True, help_text="Stripe's code for why it doesn't pay out; null if it does."
    )
    current_deadline = serializers.DateTimeField(
        allow_null=True, help_text="When `currently_due` is due, in UTC; null if there is no deadline."
    )


class AccountOutput(Output):
    """The state of the creator's Stripe account."""

    has_account = serializers.BooleanField(help_text="Whether the creator has a Stripe account.")
    status = serializers.ChoiceField(
        AccountStatus.choices,
        help_text="`not_created`: onboarding hasn't begun. `pending`: Stripe is waiting for details. `onboarding`: "
        "Stripe is verifying them. `active`: can be paid. `restricted`: Stripe is waiting for the creator. "
        "`disabled`: rejected, closed or disconnected.",
    )
    details_submitted = serializers.BooleanField(help_text="Whether the creator completed Stripe's form.")
    charges_enabled = serializers.BooleanField(
        help_text="Whether the account can accept card payments. Payouts don't need this."
    )
    payouts_enabled = serializers.BooleanField(help_text="Whether Stripe pays out to the creator's bank.")
    requirements = RequirementsOutput(help_text="What Stripe requires from the creator.")
    future_requirements = RequirementsOutput(
        help_text="What Stripe will require from `current_deadline` on. Submitting it before then avoids a stop of "
        "payouts."
    )
    country = serializers.CharField(
        allow_null=True, help_text="The account's country, ISO 3166-1 alpha-2; null without an account."
    )
    default_currency = serializers.CharField(
        allow_null=True, help_text="The currency of bank payouts, ISO 4217; null without an account."
    )
    created_at = serializers.DateTimeField(
        allow_null=True, help_text="When onboarding began, in UTC; null without an account."
    )
    gone_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When Stripe reported that the account was closed or disconnected, in UTC; otherwise null. "
        "Onboarding then opens a new account, which receives what is owed.",
    )
    cooling_down_until = serializers.DateTimeField(
        allow_null=True,
        help_text="When the cool-down ends, in UTC; null without one. Payouts wait after the account or its bank "
        "account changed, so that the creator can object if someone else changed it.",
    )


class DashboardOutput(Output):
    """A link to the Express dashboard."""

    dashboard_url = serializers.URLField(
        help_text="The creator's Stripe Express dashboard. Redirect the browser there right away: the link works once."
    )


class Onboarding(CreatorEndpoint):
    throttle_scope = "links"

    @extend_schema(
        operation_id="start_onboarding",
        summary="Start or continue onboarding",
        description="Returns a new link to Stripe's form. Opens a Stripe account first if the creator has none, or "
        "if it was closed or disconnected. Repeated calls open only one account.",
        tags=TAGS,
        request=OnboardingInput,
        responses={
            200: OnboardingOutput,
            409: OpenApiResponse(
                description="`already_active`, `account_rejected`, `country_fixed`, `stripe_account_gone`. "
                "`platform_not_ready`: the marketplace still has to finish its set-up at Stripe; its staff have been "
                "told, and the creator can only try again later."
            ),
            422: OpenApiResponse(
                description="The creator has to change something first. `country_not_supported`: creators there can't "
                "be paid. `business_type_refused`: Stripe opens no accounts of this type there. `email_refused`: "
                "Stripe doesn't accept the email address."
            ),
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
        params = OnboardingInput(data=request.data)
        params.is_valid(raise_exception=True)
        link = onboarding.start_onboarding(
            self.creator,
            country=params.validated_data.get("country", ""),
            business_type=params.validated_data.get("business_type", ""),
            now=sql.now(),
        )
        return Response(OnboardingOutput(link).data, headers=NO_STORE)


class Status(CreatorEndpoint):
    @extend_schema(
        operation_id="get_account_status",
        summary="Retrieve the account's status",
        description="The state that Stripe last reported. Stripe reports each change, and the account is refreshed "
        "when the creator returns from its form.",
        tags=TAGS,
        responses={200: AccountOutput},
        examples=[
            OpenApiExample(
                "An account without a bank account",
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
                    "future_requirements": {
                        "currently_due": [],
                        "past_due": [],
                        "eventually_due": [],
                        "pending_verification": [],
                        "disabled_reason": None,
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
        return Response(AccountOutput(selectors.account_state(self.creator.pk)).data)


class Dashboard(CreatorEndpoint):
    throttle_scope = "links"

    @extend_schema(
        operation_id="get_dashboard_link",
        summary="Open the creator's Stripe dashboard",
        description="Returns a link to the Express dashboard, where creators change their details and bank account.",
        tags=TAGS,
        responses={
            200: DashboardOutput,
            404: OpenApiResponse(description="`no_payment_account`: onboarding hasn't begun."),
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
