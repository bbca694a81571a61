"""A refusal by Stripe is no outage: staff learn of it, creators hear what they can do, and it isn't asked for again."""

import json
from collections import defaultdict
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts import gateway, selectors, tasks
from accounts.errors import (
    AccountRefused,
    BusinessTypeRefused,
    CountryNotSupported,
    EmailRefused,
    NothingToAskAgain,
    OpeningRefused,
    PlatformNotReady,
)
from accounts.gateway import failures
from accounts.models import CreatorPaymentAccount, OpeningRefusal
from accounts.services import retrying
from database import sql
from database.models import RecordedAct
from database.staff import Act, Right
from sandbox import refusals
from stripe_io.errors import Failure
from tests.api import caller
from tests.factories import UserFactory
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db
OPEN = "POST /v1/accounts"
ACT = Act("dana", "The platform profile is filled in")
LOSSES = "https://dashboard.stripe.com/settings/connect/platform-profile"
# The platform's own set-up: Stripe's code and sentence, and the page that mends it.
PLATFORM = [
    (
        "",
        "Stripe no longer recommends Accounts v1 for new Connect integrations. Create connected accounts with POST "
        "/v2/core/accounts instead: https://docs.stripe.com/api/v2/core/accounts. If your integration requires v1 "
        "account creation for a supported compatibility scenario, enable Accounts v1 support in the Dashboard: "
        "https://dashboard.stripe.com/settings/features/feat_accounts_v1_support. For agent-based integrations, use "
        "Stripe's current best-practices skill: npx skills add stripe/ai.",
        "https://dashboard.stripe.com/settings/features/feat_accounts_v1_support",
    ),
    (
        "",
        "You can only create new accounts if you've signed up for Connect, which you can do at "
        "https://dashboard.stripe.com/connect.",
        "https://dashboard.stripe.com/connect",
    ),
    (
        "",
        f"Please review the responsibilities of managing losses for connected accounts at {LOSSES}.",
        LOSSES,
    ),
    (
        "",
        "Your platform needs approval for accounts to have requested the `transfers` capability without the "
        "`card_payments` capability. If you would like to request transfers without card_payments, please contact us "
        "via https://support.stripe.com/contact.",
        "https://support.stripe.com/contact",
    ),
    (
        "inactive_api_operation_confirmation_required",
        "Creating accounts is blocked because it lay idle.",
        "https://dashboard.stripe.com/connect",
    ),
    ("account_creation_liability_unacknowledged", "Accept the losses first.", LOSSES),
    (
        "accounts_v2_access_blocked",
        "Accounts v2 is not enabled for your platform.",
        "https://dashboard.stripe.com/settings/connect/platform-setup",
    ),
    (
        "capability_not_available_without_other_capability",
        "The stripe_transfers capability is not available without card_payments.",
        "https://support.stripe.com/contact",
    ),
]
# What the creator can change: Stripe's code and sentence.
CREATORS_OWN = [
    (
        "",
        "The recipient ToS agreement is not supported for platforms in US creating accounts in DE. See "
        "https://stripe.com/docs/connect/cross-border-payouts for more details.",
        CountryNotSupported,
    ),
    ("", "DE is not currently supported by Stripe", CountryNotSupported),
    ("", "You cannot request the `card_payments` capability for accounts in DE", CountryNotSupported),
    (
        "capability_not_available_in_country",
        "stripe_transfers is not available in country DE",
        CountryNotSupported,
    ),
    ("email_invalid", "Invalid email address: alice@example.com", EmailRefused),
    ("", "'individual' is not a supported business type in the country DE.", BusinessTypeRefused),
]


@pytest.fixture(autouse=True)
def many_clicks(settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE = {**settings.REQUESTS_PER_MINUTE, "links": 1_000_000}


def refuse(sandbox: Stripe, code: str, message: str, *, kind: str = "abort_work", **more: Any) -> None:
    refusal = {"kind": kind, "status": 400, "message": message, **({"code": code} if code else {}), **more}
    sandbox.inject({"method": "POST", "path": "/v1/accounts", **refusal})


def click(who: str = "alice", **asked: str) -> Any:
    asked = {"country": "DE", "business_type": "individual"} | asked
    mail = f"{who}@example.com"
    return caller(who, email=mail).post("/api/v1/accounts/onboard", asked, format="json")


def an_hour_later() -> None:
    """Put what was refused an hour back."""
    for refusal in OpeningRefusal.objects.all():
        refusal.last_refused_at -= timedelta(hours=1)
        refusal.save(update_fields=["last_refused_at"])


def asked(sandbox: Stripe) -> dict[str, int]:
    """Count the requests that create or list accounts."""
    requests = sandbox.state("requests")["requests"]
    return {route: requests[route] for route in (OPEN, "GET /v1/accounts") if route in requests}


OPENING = gateway.Opening(
    key="account:1:1",
    payment_account_id=uuid4(),
    creator_id="alice",
    email="alice@example.com",
    country="DE",
    business_type="individual",
    service_agreement="full",
)


def read(message: str, *, status: int = 400, code: str = "", param: str = "") -> OpeningRefused:
    failure = Failure(
        http_status=status,
        type="invalid_request_error",
        code=code,
        param=param,
        message=message,
        request_id="req_1",
        replayed=False,
    )
    assert failures.is_refusal(failure)
    return failures.refusal_of(failure, OPENING)


@pytest.mark.parametrize(("code", "sentence", "page"), PLATFORM)
def test_a_refusal_of_the_platforms_set_up_comes_with_the_page_that_mends_it(
    code: str, sentence: str, page: str
) -> None:
    refusal = read(sentence, code=code)
    assert type(refusal) is PlatformNotReady
    assert (refusal.code, refusal.sentence, refusal.page) == (code, sentence, page)


@pytest.mark.parametrize(("code", "sentence", "kind"), CREATORS_OWN)
def test_what_the_creator_can_change_is_told_from_the_platforms_set_up(
    code: str, sentence: str, kind: type[OpeningRefused]
) -> None:
    assert type(read(sentence, code=code)) is kind


def test_a_sentence_that_only_names_stripes_support_stops_nobody_else() -> None:
    sentence = (
        "This account cannot be created because of a previous rejection. If you have questions, contact us via "
        "https://support.stripe.com/contact."
    )
    assert type(read(sentence)) is AccountRefused


@pytest.mark.parametrize(
    ("param", "kind"),
    [
        ("country", CountryNotSupported),
        ("identity.country", CountryNotSupported),
        ("identity[country]", CountryNotSupported),
        ("email", EmailRefused),
        ("contact_email", EmailRefused),
        ("business_type", BusinessTypeRefused),
        ("identity.entity_type", BusinessTypeRefused),
    ],
)
def test_a_parameter_names_what_the_creator_can_change(param: str, kind: type[OpeningRefused]) -> None:
    assert type(read("Invalid.", param=param)) is kind


def test_a_missing_permission_of_the_key_is_the_platforms() -> None:
    sentence = "Having the 'rak_account_write' permission would allow this request to continue."
    assert read(sentence, status=403).page == "https://dashboard.stripe.com/apikeys"


# All that the local Stripe can refuse with 400, by who can do something about it.
BY_CAUSE = {
    "platform": {
        "account_creation_liability_unacknowledged",
        "accounts_v1_disabled",
        "accounts_v2_access_blocked",
        "branding_missing",
        "capability_not_available_without_other_capability",
        "connect_not_signed_up",
        "connect_profile_not_submitted",
        "creation_inactive",
        "losses_not_reviewed",
        "non_connect_platform_accounts_v2_access_blocked",
        "platform_registration_required",
        "requirements_not_reviewed",
        "transfers_not_approved",
    },
    "country": {
        "account_country_unsupported_currency",
        "capability_not_available_in_country",
        "card_payments_not_in_country",
        "country_not_supported",
        "recipients_not_supported",
    },
    "email": {"email_domain_invalid_for_recipient"},
    "other": {
        "account_controller_stripe_pricing_platform_liable",
        "account_not_connected",
        "express_without_responsibility",
        "invalid_fields",
        "person_token_required",
        "url_invalid",
    },
}


def test_every_refusal_that_is_known_has_its_cause() -> None:
    known = {**refusals.OF_V1, **refusals.OF_V2, **refusals.OF_LINKS}
    told: dict[str, set[str]] = defaultdict(set)
    for name, reason in known.items():
        if reason.status == HTTPStatus.BAD_REQUEST:
            message = reason.message.format(platform="US", country="DE")
            told[read(message, code=reason.code or "").cause].add(name)
    assert told == BY_CAUSE


def test_a_refusal_of_the_platforms_set_up_is_no_outage_and_stops_everybody(sandbox: Stripe) -> None:
    code, sentence, page = PLATFORM[0]
    refuse(sandbox, code, sentence)
    for answer in (click(), click(), click("bob")):
        assert (answer.status_code, answer.json()["code"]) == (409, "platform_not_ready")
        assert "Retry-After" not in answer.headers
        assert "Accounts v1" not in answer.content.decode()
    assert asked(sandbox) == {OPEN: 1}
    (refusal,) = selectors.opening_refusals()
    assert (refusal.cause, refusal.code, refusal.sentence, refusal.page) == ("platform", code, sentence, page)
    assert selectors.refusals_by_cause()["platform"] == 1


@pytest.mark.parametrize(
    ("code", "sentence", "told"),
    [
        ("", CREATORS_OWN[0][1], "country_not_supported"),
        ("email_invalid", "Invalid email address: alice@example.com", "email_refused"),
        ("", "'individual' is not a supported business type in the country DE.", "business_type_refused"),
    ],
    ids=["country", "email", "business type"],
)
def test_what_the_creator_can_change_is_not_asked_for_again_before_they_do(
    sandbox: Stripe, code: str, sentence: str, told: str
) -> None:
    refuse(sandbox, code, sentence)
    for _ in range(3):
        answer = click()
        assert (answer.status_code, answer.json()["code"]) == (422, told)
        assert "Retry-After" not in answer.headers
    assert asked(sandbox) == {OPEN: 1}
    assert CreatorPaymentAccount.objects.get().openings == 1
    assert click("bob").status_code == 422  # nobody else is stopped from asking
    assert asked(sandbox) == {OPEN: 2}


@pytest.mark.parametrize("kind", ["abort_work", "status"])
def test_what_the_creator_says_next_is_what_is_sent(sandbox: Stripe, kind: str) -> None:
    refuse(
        sandbox, "", "'individual' is not a supported business type in the country DE.", kind=kind, count=1
    )
    assert click(business_type="individual").status_code == 422
    assert click(business_type="company").status_code == 200
    row = CreatorPaymentAccount.objects.get()
    assert (row.business_type, row.country) == ("company", "DE")
    assert selectors.opening_refusals().count() == 0


def test_a_corrected_email_address_is_sent(sandbox: Stripe) -> None:
    refuse(sandbox, "email_invalid", "Invalid email address: alice@example.com", count=1)
    assert click().status_code == 422
    CreatorPaymentAccount.objects.get().creator.refresh_from_db()
    creator = CreatorPaymentAccount.objects.get().creator
    creator.email = "ada@example.org"
    creator.save(update_fields=["email"])
    assert click().status_code == 200
    (account,) = [each for each in sandbox.state("accounts")["accounts"] if each["type"] == "express"]
    assert account["email"] == "ada@example.org"


def test_a_refusal_that_nobody_knows_stops_one_creator_for_an_hour(sandbox: Stripe) -> None:
    refuse(sandbox, "", "Something is wrong.", count=1)
    answers = [click(), click()]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "platform_not_ready")
    ] * 2
    assert selectors.opening_refusals().get().cause == "other"
    assert click("bob").status_code == 200
    an_hour_later()
    assert click().status_code == 200
    assert selectors.opening_refusals().count() == 0


def test_once_the_platform_is_set_up_the_next_click_an_hour_later_opens_the_account(sandbox: Stripe) -> None:
    refuse(sandbox, "", PLATFORM[2][1], count=2)
    click()
    an_hour_later()
    click()
    refusal = selectors.opening_refusals().get()
    assert (refusal.times, OpeningRefusal.objects.count()) == (2, 1)
    an_hour_later()
    assert click("bob").status_code == 200
    assert click().status_code == 200
    refusal.refresh_from_db()
    assert refusal.mended_at is not None


def test_a_platform_that_was_refused_is_tried_every_hour_without_a_click(sandbox: Stripe) -> None:
    refuse(sandbox, "", PLATFORM[2][1])
    click()
    click("bob")
    tasks.retry_refused()
    assert asked(sandbox) == {OPEN: 1}
    an_hour_later()
    tasks.retry_refused()
    assert asked(sandbox)[OPEN] == 2
    assert selectors.opening_refusals().get().times == 2
    sandbox.clear_faults()
    an_hour_later()
    tasks.retry_refused()
    assert selectors.opening_refusals().count() == 0
    assert CreatorPaymentAccount.objects.get(creator__external_id="alice").stripe_account_id


def test_a_country_out_of_reach_is_refused_before_stripe_is_asked(sandbox: Stripe) -> None:
    answer = click(country="TH")
    assert (answer.status_code, answer.json()["code"]) == (422, "country_not_supported")
    assert asked(sandbox) == {}
    row = CreatorPaymentAccount.objects.get()
    assert (row.refused_country, row.openings, row.api) == ("TH", 0, "")


def test_no_default_replaces_a_country_that_was_refused(sandbox: Stripe) -> None:
    click(country="TH")
    answer = caller("alice", email="alice@example.com").post("/api/v1/accounts/onboard", {}, format="json")
    assert answer.json()["code"] == "country_not_supported"
    assert asked(sandbox) == {}


def test_another_api_is_asked_at_once(sandbox: Stripe, settings: Settings) -> None:
    refuse(sandbox, "", PLATFORM[0][1])
    settings.STRIPE_ACCOUNTS = "v1"
    click()
    assert selectors.opening_refusals().get().api == "v1"
    settings.STRIPE_ACCOUNTS = "v2"
    click()
    assert CreatorPaymentAccount.objects.get().api == "v2"


def test_a_refusal_says_nothing_of_a_request_sent_before(sandbox: Stripe) -> None:
    lost = {"method": "POST", "path": "/v1/accounts", "kind": "drop_response_after_work", "count": 1}
    sandbox.inject(lost)
    assert click().status_code == 503
    refuse(sandbox, "", "Something is wrong.", kind="status")
    assert click().status_code == 409
    row = CreatorPaymentAccount.objects.get()
    assert row.opening_since
    row.opening_since -= timedelta(minutes=5)
    row.save(update_fields=["opening_since"])
    an_hour_later()
    assert click().status_code == 200
    accounts = [each for each in sandbox.state("accounts")["accounts"] if each["type"] == "express"]
    assert [each["id"] for each in accounts] == [CreatorPaymentAccount.objects.get().stripe_account_id]


def test_a_form_that_stripe_refuses_is_the_platforms(sandbox: Stripe) -> None:
    sandbox.inject(
        {
            "method": "POST",
            "path": "/v1/account_links",
            "kind": "status",
            "status": 400,
            "message": "Set your platform's name and icon in the Dashboard first.",
            "count": 1,
        }
    )
    answer = click()
    assert (answer.status_code, answer.json()["code"]) == (409, "platform_not_ready")
    assert selectors.opening_refusals().get().cause == "platform"
    assert click().status_code == 200
    assert selectors.opening_refusals().count() == 0


def test_staff_who_have_mended_the_cause_have_stripe_asked_again_at_once(sandbox: Stripe) -> None:
    refuse(sandbox, "", PLATFORM[2][1])
    click()
    refusal = selectors.opening_refusals().get()
    with pytest.raises(PlatformNotReady):
        retrying.ask_again(refusal.pk, act=ACT, now=sql.now())
    assert selectors.opening_refusals().get().times == 2
    assert click("bob").status_code == HTTPStatus.CONFLICT  # barred for another hour
    assert asked(sandbox)[OPEN] == 2
    sandbox.clear_faults()
    retrying.ask_again(refusal.pk, act=ACT, now=sql.now())
    assert selectors.opening_refusals().count() == 0
    assert click("bob").status_code == HTTPStatus.OK
    assert RecordedAct.objects.filter(kind="ask_again", actor=ACT.actor).count() == 2
    with pytest.raises(NothingToAskAgain):
        retrying.ask_again(refusal.pk, act=ACT, now=sql.now())


def test_what_only_a_creator_can_change_is_not_asked_again(sandbox: Stripe) -> None:
    refuse(sandbox, "email_invalid", "Invalid email address: alice@example.com")
    click()
    (refusal,) = OpeningRefusal.objects.exclude(cause__in=["platform", "other"])
    with pytest.raises(NothingToAskAgain):
        retrying.ask_again(refusal.pk, act=ACT, now=sql.now())


def test_the_command_lists_refusals_and_asks_again(sandbox: Stripe) -> None:
    UserFactory.create(username="dana", rights=[Right.SYNC])
    refuse(sandbox, "", PLATFORM[2][1])
    click()

    def command(*arguments: str) -> dict[str, Any]:
        out = StringIO()
        call_command("onboarding", *arguments, "--json", stdout=out)
        return dict(json.loads(out.getvalue()))

    signed = ["ask-again", "--reason", ACT.reason, "--actor", "dana"]
    assert command("refusals")["refusals"][0]["cause"] == "The platform's set-up"
    assert command(*signed) == {"mended": 0, "still_refused": [PLATFORM[2][1]]}
    sandbox.clear_faults()
    assert command(*signed) == {"mended": 1, "still_refused": []}
    with pytest.raises(CommandError, match="nothing to ask"):
        command(*signed)
