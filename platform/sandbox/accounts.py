"""Connected accounts of type Express, and the platform's own account.

Source: https://docs.stripe.com/api/accounts and https://docs.stripe.com/connect/express-accounts
"""

from sandbox import opening, switches
from sandbox.context import Context
from sandbox.countries import DEFAULT_CURRENCY
from sandbox.errors import AccountInvalid, InvalidRequest, JsonObject
from sandbox.ids import new_id
from sandbox.lists import PAGE, list_objects
from sandbox.parameters import (
    EXPAND,
    Boolean,
    Choice,
    Currency,
    Hash,
    Metadata,
    Schema,
    Text,
    TimeRange,
    merge_metadata,
)
from sandbox.router import Route
from sandbox.store import Condition, Transaction
from sandbox.v2 import changes, records

# What Stripe requires of a person or a business at first.
FIRST_REQUIREMENTS = (
    "business_profile.mcc",
    "business_profile.url",
    "business_type",
    "external_account",
    "representative.dob.day",
    "representative.dob.month",
    "representative.dob.year",
    "representative.email",
    "representative.first_name",
    "representative.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)

_BUSINESS_PROFILE_FIELDS = (
    "mcc",
    "name",
    "product_description",
    "support_email",
    "support_phone",
    "support_url",
    "url",
)

_PLAIN_FIELDS = ("business_type", "default_currency", "email")

INTERVALS = ("manual", "daily", "weekly", "monthly")

_REQUESTED = Hash({"requested": Boolean()})

UPDATE: Schema = {
    **EXPAND,
    "business_profile": Hash({field: Text() for field in _BUSINESS_PROFILE_FIELDS}),
    "business_type": Choice(("individual", "company", "non_profit", "government_entity")),
    "capabilities": Hash({"card_payments": _REQUESTED, "transfers": _REQUESTED}),
    "default_currency": Currency(),
    "email": Text(),
    "metadata": Metadata(),
    "settings": Hash({"payouts": Hash({"schedule": Hash({"interval": Choice(INTERVALS)})})}),
    "tos_acceptance": Hash({"service_agreement": Choice(("full", "recipient"))}),
}

CREATE: Schema = {
    **UPDATE,
    "country": Choice(tuple(sorted(DEFAULT_CURRENCY))),
    "type": Choice(("express",), required=True),
}


def open_platform(tx: Transaction, *, country: str, now: float) -> str:
    """Return the id of the platform's own account, which is created on the first start."""
    if found := tx.execute("select value from meta where name = 'platform'"):
        return str(found[0]["value"])
    account = new(new_id("acct"), country=country, account_type="standard", created=int(now))
    account |= {
        "controller": {"type": "account"},
        "charges_enabled": True,
        "details_submitted": True,
        "payouts_enabled": True,
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "requirements": requirements(()),
    }
    # Stripe pays the balance out each day, unless the platform has changed that, as this one has.
    account["settings"]["payouts"]["schedule"]["interval"] = "manual"
    # It has no owner, so that it isn't in its own list of accounts.
    tx.insert(account, account="")
    tx.execute("insert into meta (name, value) values ('platform', ?)", (account["id"],))
    return str(account["id"])


def create(context: Context, params: JsonObject) -> JsonObject:
    """Open an account that can't do anything until its holder completes onboarding."""
    country = params.get("country", opening.home(context))
    opening.check_v1(
        context,
        country=country,
        capabilities={
            name for name, asked in params.get("capabilities", {}).items() if asked.get("requested")
        },
        agreement=params.get("tos_acceptance", {}).get("service_agreement", "full"),
    )
    account = new(new_id("acct"), country=country, account_type=params["type"], created=context.created)
    account = _apply(account, params)
    context.tx.insert(account, account=context.account)
    return account


def update(context: Context, params: JsonObject) -> JsonObject:
    before = find_account(context, params["id"])
    if "settings" in params and records.find(context, before["id"]):
        raise InvalidRequest(
            "The payout schedule of accounts of API v2 is in their balance settings.",
            param="settings[payouts]",
        )
    account = _apply(before, params)
    changes.record(context, before, account)
    return account


def retrieve(context: Context, params: JsonObject) -> JsonObject:
    return find_account(context, params["id"])


def retrieve_own(context: Context, params: JsonObject) -> JsonObject:
    return find_account(context, context.account)


def list_accounts(context: Context, params: JsonObject) -> JsonObject:
    conditions: list[Condition] = []
    if not switches.read(context, "v1_lists_v2_accounts"):
        conditions.append(("(select count(*) from v2_accounts where v2_accounts.id = objects.id)", "=", 0))
    return list_objects(
        context, params, kind="account", url="/v1/accounts", filters=("created",), conditions=conditions
    )


def find_account(context: Context, account_id: str) -> JsonObject:
    """Find the acting account itself or an account connected to it; raises `AccountInvalid`."""
    if account_id == context.account:
        account = context.tx.get(account_id)
    else:
        account = context.tx.find("account", account_id, account=context.account)
    if account is None:
        raise AccountInvalid(account_id, api_key=context.config.api_key)
    return account


def requirements(due: tuple[str, ...]) -> JsonObject:
    """Render an account's requirements; anything currently due also disables it."""
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due),
        "pending_verification": [],
    }


def new(account_id: str, *, country: str, account_type: str, created: int) -> JsonObject:
    return {
        "id": account_id,
        "object": "account",
        "business_profile": {**dict.fromkeys(_BUSINESS_PROFILE_FIELDS), "support_address": None},
        "business_type": None,
        "capabilities": {},
        "charges_enabled": False,
        "controller": {"is_controller": True, "type": "application"},
        "country": country,
        "created": created,
        "default_currency": DEFAULT_CURRENCY[country],
        "details_submitted": False,
        "email": None,
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": f"/v1/accounts/{account_id}/external_accounts",
        },
        "future_requirements": requirements(()),
        "metadata": {},
        "payouts_enabled": False,
        "requirements": requirements(FIRST_REQUIREMENTS),
        "settings": _settings(),
        "tos_acceptance": {"date": None, "ip": None, "service_agreement": "full", "user_agent": None},
        "type": account_type,
    }


def _settings() -> JsonObject:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
    }


def _apply(account: JsonObject, params: JsonObject) -> JsonObject:
    """Return the account with the parameters applied."""
    agreement = account["tos_acceptance"] | params.get("tos_acceptance", {})
    wanted = params.get("capabilities", {})
    if agreement["service_agreement"] == "recipient" and "card_payments" in wanted:
        raise InvalidRequest(
            "The recipient service agreement only supports the transfers capability.",
            param="capabilities[card_payments]",
        )
    capabilities = dict(account["capabilities"])
    for name, request in wanted.items():
        if request.get("requested"):
            capabilities.setdefault(name, "inactive")
        else:
            capabilities.pop(name, None)
    payouts = account["settings"]["payouts"]
    schedule = payouts["schedule"] | params.get("settings", {}).get("payouts", {}).get("schedule", {})
    plain = {name: value for name, value in params.items() if name in _PLAIN_FIELDS}
    return {
        **account,
        **plain,
        "business_profile": account["business_profile"] | params.get("business_profile", {}),
        "capabilities": capabilities,
        "metadata": merge_metadata(account["metadata"], params.get("metadata", {})),
        "settings": account["settings"] | {"payouts": payouts | {"schedule": schedule}},
        "tos_acceptance": agreement,
    }


ROUTES = (
    Route("POST", "/v1/accounts", create, CREATE),
    Route("GET", "/v1/accounts", list_accounts, {**PAGE, "created": TimeRange()}),
    Route("GET", "/v1/accounts/{id}", retrieve, EXPAND),
    Route("POST", "/v1/accounts/{id}", update, UPDATE),
    Route("GET", "/v1/account", retrieve_own, EXPAND),
)
