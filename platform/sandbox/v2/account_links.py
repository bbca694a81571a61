"""Account links of API v2.

Source: https://docs.stripe.com/api/v2/core/account-links
"""

import json

from sandbox import links, opening
from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject, ParameterMissing, ParameterUnknown
from sandbox.parameters import Array, Choice, Hash, Schema, Text, Url
from sandbox.router import Route
from sandbox.v2 import accounts, events, records
from sandbox.v2.errors import NotFound, Refusal
from sandbox.v2.times import timestamp

TYPES = ("account_onboarding", "account_update")

_COLLECTS: Schema = {
    "fields": Choice(("currently_due", "eventually_due")),
    "future_requirements": Choice(("include", "omit")),
}
# From this version on, links don't name configurations; before it, they must.
# Source: the parameters of stripe-python 15.6.2 and 16.1.0
ENDIVE = "2026-09-30"

_USE_CASE: Schema = {
    "collection_options": Hash(_COLLECTS),
    "configurations": Array(Choice(("customer", "merchant", "recipient"))),
    "refresh_url": Url(required=True),
    "return_url": Url(),
}
CREATE: Schema = {
    "account": Text(required=True),
    "use_case": Hash(
        {"type": Choice(TYPES, required=True), **{name: Hash(_USE_CASE) for name in TYPES}}, required=True
    ),
}


def create(context: Context, params: JsonObject) -> JsonObject:
    opening.check_link(context)
    use_case = params["use_case"]
    details = use_case.get(use_case["type"])
    if details is None:
        raise Refusal("invalid_fields", f"`use_case.{use_case['type']}` is required.", param="use_case")
    try:
        account = accounts.find(context, params["account"])
    except NotFound:
        raise InvalidRequest(
            "You requested an account link for an account that is not connected to your platform or does not exist"
        ) from None
    record = records.of(context, account)
    configurations = _configurations(context, params, applied=record.configurations)
    if record.closed or not set(configurations) <= set(record.configurations):
        raise Refusal(
            "invalid_fields",
            "The account doesn't have all of these configurations.",
            param=f"use_case.{use_case['type']}.configurations",
        )
    url, expires_at = links.make(
        context,
        links.ONBOARDING,
        account["id"],
        refresh_url=details["refresh_url"],
        return_url=details.get("return_url", ""),
        v2_use_case=json.dumps({"type": use_case["type"], "configurations": configurations}),
    )
    return {
        "object": "v2.core.account_link",
        "account": account["id"],
        "created": timestamp(context.now),
        "expires_at": timestamp(expires_at),
        "livemode": False,
        "url": url,
        "use_case": use_case,
    }


def _configurations(context: Context, params: JsonObject, *, applied: list[str]) -> list[str]:
    """Return the configurations that a link is for, which versions before endive name."""
    use_case = params["use_case"]
    given: list[str] | None = use_case[use_case["type"]].get("configurations")
    name = f"use_case[{use_case['type']}][configurations]"
    if context.api_version >= ENDIVE:
        if given is not None:
            raise ParameterUnknown([name])
        return applied
    if given is None:
        raise ParameterMissing(name)
    return given


def tell_of_return(context: Context, session: links.Session) -> None:
    """Tell that an account's holder came back, if the link was one of API v2."""
    if session.v2_use_case is not None:
        use_case = json.loads(session.v2_use_case)
        events.emit_of(
            context,
            "v2.core.account_link.returned",
            session.account,
            data={
                "account_id": session.account,
                "configurations": use_case["configurations"],
                "use_case": use_case["type"],
            },
        )


ROUTES = (Route("POST", "/v2/core/account_links", create, CREATE),)
