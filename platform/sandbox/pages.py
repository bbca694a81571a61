"""The pages that Stripe hosts for an account's holder: onboarding and the Express dashboard. Also a stand-in for the
marketplace's portal, to which onboarding returns.

Plain HTML with inline styles, so nothing is loaded from elsewhere.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from babel.numbers import format_currency
from django import template

from sandbox import balances, holders
from sandbox.accounts import find_account
from sandbox.context import Context
from sandbox.currencies import minor_units
from sandbox.errors import AccountInvalid, JsonObject
from sandbox.forms import decode_form
from sandbox.links import DASHBOARD, ONBOARDING, LinkSpent, Session, find_session, visit
from sandbox.messages import Request, Response
from sandbox.store import NEWEST_FIRST
from sandbox.v2 import account_links

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Content-Type": "text/html; charset=utf-8",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PAYOUTS_SHOWN = 20

# How a visit to onboarding can end, in the order of the page.
ENDINGS: Mapping[str, Callable[[Context, str], JsonObject]] = {
    "complete": holders.complete,
    "submitted": holders.submit,
    "incomplete": holders.leave,
    "restricted": holders.fail_verification,
}

_templates = template.Engine(dirs=[str(Path(__file__).parent / "templates")])

Show = Callable[[Context, Request, re.Match[str]], Response]


@dataclass(frozen=True)
class Page:
    """One page at one URL."""

    answer: Show
    address: re.Match[str]

    def show(self, context: Context, request: Request) -> Response:
        try:
            return self.answer(context, request, self.address)
        except LinkSpent as spent:
            if spent.refresh_url:
                return _redirect(spent.refresh_url)
            return _html("spent.html", status=HTTPStatus.GONE)
        except AccountInvalid:  # the account was disconnected in the meantime
            return _html("spent.html", status=HTTPStatus.GONE)


def find(method: str, path: str) -> Page | None:
    for expected, pattern, answer in _PAGES:
        if method == expected and (address := re.fullmatch(pattern, path)):
            return Page(answer, address)
    return None


def start_onboarding(context: Context, request: Request, address: re.Match[str]) -> Response:
    session = visit(context, ONBOARDING, account=address["account"], token=address["token"])
    return _redirect(f"/onboarding/{session.token}")


def show_onboarding(context: Context, request: Request, address: re.Match[str]) -> Response:
    session = find_session(context, ONBOARDING, token=address["token"])
    account = find_account(context, session.account)
    return _html("onboarding.html", account=account, **_requirements(account))


def end_onboarding(context: Context, request: Request, address: re.Match[str]) -> Response:
    session = find_session(context, ONBOARDING, token=address["token"])
    end = ENDINGS.get(str(decode_form(request.body).get("end")))
    if end is None:
        return show_onboarding(context, request, address)
    end(context, session.account)
    account_links.tell_of_return(context, session)
    return _redirect(session.return_url or f"/onboarding/{session.token}")


def open_dashboard(context: Context, request: Request, address: re.Match[str]) -> Response:
    session = visit(context, DASHBOARD, account=address["account"], token=address["token"])
    return _redirect(f"/dashboard/{session.token}")


def show_dashboard(context: Context, request: Request, address: re.Match[str]) -> Response:
    session = find_session(context, DASHBOARD, token=address["token"])
    account = find_account(context, session.account)
    balance = balances.balance_of(context, session.account)
    return _html(
        "dashboard.html",
        account=account,
        available=[_money(part) for part in balance["available"]],
        pending=[_money(part) for part in balance["pending"]],
        payouts=[_row(payout) for payout in _payouts(context, session)],
        **_requirements(account),
    )


def show_portal(context: Context, request: Request, address: re.Match[str]) -> Response:
    return _html("portal.html", site="Creator Portal", params=dict(parse_qsl(request.query)))


def _requirements(account: JsonObject) -> dict[str, Any]:
    """Name the account's requirements in words: `representative.dob.day` is a date of birth."""
    ready = account["payouts_enabled"] and account["capabilities"].get("transfers") == "active"
    due = account["requirements"]["currently_due"]
    names = dict.fromkeys(_REQUIREMENTS.get(".".join(name.split(".")[:2]), name) for name in due)
    return {"ready": ready, "requirements": list(names)}


def _payouts(context: Context, session: Session) -> list[JsonObject]:
    return context.tx.page(
        "payout", account=session.account, conditions=[], order=NEWEST_FIRST, limit=PAYOUTS_SHOWN
    )


def _row(payout: JsonObject) -> dict[str, str]:
    return {
        "amount": _money(payout),
        "arrives": _day(payout["arrival_date"]),
        "id": payout["id"],
        "sent": _day(payout["created"]),
        "status": payout["status"].replace("_", " "),
        "tone": _TONES[payout["status"]],
    }


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%-d %b %Y}"


def _money(part: JsonObject) -> str:
    currency = part["currency"].upper()
    amount = Decimal(part["amount"]) / minor_units(part["currency"])
    return format_currency(amount, currency, locale="en_US")


def _html(name: str, *, status: int = HTTPStatus.OK, **values: Any) -> Response:
    body = _templates.get_template(name).render(template.Context(values))
    return Response(status=status, body=body, headers=HEADERS)


def _redirect(url: str) -> Response:
    return Response(status=HTTPStatus.FOUND, body="", headers={**HEADERS, "Location": url})


_TONES = {"pending": "warn", "in_transit": "warn", "paid": "good", "failed": "bad", "canceled": "bad"}

_REQUIREMENTS = {
    "business_profile.mcc": "Industry",
    "business_profile.url": "Website",
    "business_type": "Type of business",
    "external_account": "Bank account",
    "individual.verification": "Identity document",
    "representative.dob": "Date of birth",
    "representative.email": "E-mail address",
    "representative.first_name": "First name",
    "representative.last_name": "Last name",
    "tos_acceptance.date": "Agreement to the terms",
    "tos_acceptance.ip": "Agreement to the terms",
}

_PAGES: tuple[tuple[str, str, Show], ...] = (
    ("GET", f"/{ONBOARDING}/(?P<account>[^/]+)/(?P<token>[^/]+)", start_onboarding),
    ("GET", "/onboarding/(?P<token>[^/]+)", show_onboarding),
    ("POST", "/onboarding/(?P<token>[^/]+)", end_onboarding),
    ("GET", f"/{DASHBOARD}/(?P<account>[^/]+)/(?P<token>[^/]+)", open_dashboard),
    ("GET", "/dashboard/(?P<token>[^/]+)", show_dashboard),
    ("GET", "/portal", show_portal),
)
