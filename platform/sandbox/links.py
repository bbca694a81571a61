"""Links to hosted pages: account links for onboarding, login links for the Express dashboard.

Source: https://docs.stripe.com/api/account_links and https://docs.stripe.com/api/account/create_login_link
"""

import secrets
import sqlite3
from dataclasses import dataclass

from sandbox import opening
from sandbox.accounts import find_account
from sandbox.context import Context
from sandbox.errors import AccountInvalid, InvalidRequest, JsonObject
from sandbox.parameters import EXPAND, Choice, Schema, Text, Url
from sandbox.router import Route
from sandbox.v2 import records

ONBOARDING, DASHBOARD = "setup/e", "express"

ACCOUNT_LINK: Schema = {
    **EXPAND,
    "account": Text(required=True),
    "type": Choice(("account_onboarding", "account_update"), required=True),
    "refresh_url": Url(required=True),
    "return_url": Url(required=True),
}


@dataclass(frozen=True, kw_only=True)
class Session:
    """The session that a link opens on its first visit; it outlives the link."""

    token: str
    account: str
    return_url: str
    v2_use_case: str | None = None


class LinkSpent(Exception):
    """The link is unknown, expired or already visited; its visitor is sent to `refresh_url`, if known."""

    def __init__(self, refresh_url: str = "") -> None:
        super().__init__("a link can be visited once, and expires soon")
        self.refresh_url = refresh_url


def create_account_link(context: Context, params: JsonObject) -> JsonObject:
    opening.check_link(context)
    try:
        account = find_account(context, params["account"])
    except AccountInvalid:
        raise InvalidRequest(
            "You requested an account link for an account that is not connected to your platform or does not "
            "exist."
        ) from None
    if params["type"] != "account_onboarding":
        raise InvalidRequest(
            f"You cannot create `{params['type']}` type Account Links for this account. Valid types for this "
            'account are ["account_onboarding"].'
        )
    url, expires_at = make(
        context, ONBOARDING, account["id"], refresh_url=params["refresh_url"], return_url=params["return_url"]
    )
    return {"object": "account_link", "created": context.created, "expires_at": expires_at, "url": url}


def create_login_link(context: Context, params: JsonObject) -> JsonObject:
    account = find_account(context, params["id"])
    if account["type"] != "express" or records.of(context, account).closed:
        raise InvalidRequest(
            f"Cannot create an edit link for the account {account['id']}, which is not an Express account."
        )
    if not account["details_submitted"]:
        raise InvalidRequest("Cannot create a login link for an account that has not completed onboarding.")
    url, _ = make(context, DASHBOARD, account["id"], refresh_url="", return_url="")
    return {"object": "login_link", "created": context.created, "url": url}


def make(
    context: Context,
    page: str,
    account: str,
    *,
    refresh_url: str,
    return_url: str,
    v2_use_case: str | None = None,
) -> tuple[str, int]:
    """Make a link, and return its address and the time when it expires."""
    token, expires_at = secrets.token_urlsafe(16), context.created + context.config.link_seconds
    context.tx.execute(
        "insert into links (token, page, account, expires_at, refresh_url, return_url, v2_use_case)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        (token, page, account, expires_at, refresh_url, return_url, v2_use_case),
    )
    return f"http://{context.host}/{page}/{account}/{token}", expires_at


def visit(context: Context, page: str, *, account: str, token: str) -> Session:
    """Use up a link and open its session; raises `LinkSpent`."""
    found = context.tx.execute(
        "select * from links where token = ? and page = ? and account = ?", (token, page, account)
    )
    if not found:
        raise LinkSpent
    if found[0]["session"] is not None or found[0]["expires_at"] <= context.now:
        raise LinkSpent(found[0]["refresh_url"])
    session = _session(found[0], token=secrets.token_urlsafe(16))
    context.tx.execute("update links set session = ? where token = ?", (session.token, token))
    return session


def find_session(context: Context, page: str, *, token: str) -> Session:
    """Raises `LinkSpent` for a session that no visit opened."""
    found = context.tx.execute("select * from links where session = ? and page = ?", (token, page))
    if not found:
        raise LinkSpent
    return _session(found[0], token=token)


def _session(link: sqlite3.Row, *, token: str) -> Session:
    return Session(
        token=token,
        account=link["account"],
        return_url=link["return_url"],
        v2_use_case=link["v2_use_case"],
    )


ROUTES = (
    Route("POST", "/v1/account_links", create_account_link, ACCOUNT_LINK),
    Route("POST", "/v1/accounts/{id}/login_links", create_login_link, EXPAND),
)
