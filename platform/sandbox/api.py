"""From request to response, in Stripe's order.

Faults before the work; then the API key, the URL, the acting account and the parameters; then, in one transaction,
the idempotency layer and the work with its events; then faults after the work.
"""

import json
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from threading import Event

from sandbox import (
    accounts,
    balance_settings,
    balances,
    banks,
    charges,
    endpoints,
    events,
    idempotency,
    links,
    pages,
    payouts,
    reversals,
    schedule,
    transfers,
)
from sandbox.authentication import authenticate
from sandbox.broken_text import broken
from sandbox.clock import Clock
from sandbox.config import API_VERSION, Config
from sandbox.context import Context
from sandbox.control import PREFIX, Control, Traffic
from sandbox.errors import AccountInvalid, InternalError, JsonObject, StripeError
from sandbox.expansion import expand
from sandbox.faults import Faults, Moment, Plan
from sandbox.forms import Form, decode_form, decode_json
from sandbox.ids import new_id
from sandbox.messages import NoAnswer, Request, Response
from sandbox.parameters import read_parameters
from sandbox.permissions import Permissions
from sandbox.router import Route, Router
from sandbox.store import Store, Transaction
from sandbox.v2 import account_links, destinations
from sandbox.v2 import accounts as v2_accounts
from sandbox.v2 import events as v2_events
from sandbox.v2.errors import VersionMissing

logger = logging.getLogger(__name__)

V2 = "/v2/"

ACTIONS: Mapping[str, schedule.Action] = {
    balances.SETTLE: balances.settle,
    **banks.ACTIONS,
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that passed every check before the idempotency layer."""

    route: Route
    path: str
    host: str
    account: str
    params: JsonObject
    request_id: str
    idempotency_key: str | None
    api_version: str


class Api:
    """Answers requests; `stopping` ends all waits caused by faults."""

    def __init__(self, config: Config, store: Store, clock: Clock, *, stopping: Event) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._stopping = stopping
        self._faults = Faults(clock, seed=config.seed)
        self._traffic = Traffic()
        self._permissions = Permissions()
        self._keys = idempotency.KeysInProgress()
        control = Control(
            clock=clock, faults=self._faults, traffic=self._traffic, permissions=self._permissions
        )
        self._router = Router(
            (
                *accounts.ROUTES,
                *links.ROUTES,
                *transfers.ROUTES,
                *reversals.ROUTES,
                *charges.ROUTES,
                *payouts.ROUTES,
                *balances.ROUTES,
                *balance_settings.ROUTES,
                *events.ROUTES,
                *endpoints.ROUTES,
                *v2_accounts.ROUTES,
                *account_links.ROUTES,
                *v2_events.ROUTES,
                *destinations.ROUTES,
                *control.routes,
            )
        )
        with store.transaction() as tx:
            self.platform = accounts.open_platform(tx, country=config.platform_country, now=clock.now())
            endpoints.open_configured(tx, config, platform=self.platform, now=clock.now())
            destinations.open_configured(tx, config, platform=self.platform, now=clock.now())

    def answer(self, request: Request) -> Response | NoAnswer:
        if page := pages.find(request.method, request.path):
            return self._show(page, request)
        self._traffic.count(self._router.name(request.method, request.path))
        plan = Plan() if request.path.startswith(PREFIX) else self._faults.plan(request.method, request.path)
        request_id = new_id("req")
        outcome = plan.outcome(Moment.BEFORE_WORK) or self._attempt(request, request_id, plan)
        if isinstance(outcome, NoAnswer):
            return outcome
        headers = {
            **outcome.headers,
            "Request-Id": request_id,
            "Stripe-Version": request.headers.get("stripe-version", API_VERSION),
        }
        for name in ("Idempotency-Key", "Stripe-Account"):
            if value := request.headers.get(name.lower()):
                headers[name] = value
        body = json.dumps(broken(json.loads(outcome.body))) if plan.breaks_text else outcome.body
        return replace(outcome, headers=headers, body=body)

    def pass_time(self) -> None:
        """Do everything that is due."""
        with self._store.transaction() as tx:
            schedule.run_due(self._context(tx), ACTIONS)

    def _show(self, page: pages.Page, request: Request) -> Response:
        """Serve a page to a browser, which has no API key; the link authorizes it."""
        with self._store.transaction() as tx:
            schedule.run_due(self._context(tx), ACTIONS)
            return page.show(self._context(tx), request)

    def _attempt(self, request: Request, request_id: str, plan: Plan) -> Response | NoAnswer:
        try:
            outcome: Response | NoAnswer = self._perform(self._read(request, request_id), plan)
        except StripeError as error:
            outcome = self._refusal(error, request_id)
        return plan.outcome(Moment.AFTER_WORK) or outcome

    def _read(self, request: Request, request_id: str) -> Call:
        """Refuse what Stripe refuses before its idempotency layer, and return the checked call."""
        authenticate(request.headers.get("authorization", ""), api_key=self._config.api_key)
        route, ids = self._router.match(request.method, request.path)
        if request.path.startswith(V2) and "stripe-version" not in request.headers:
            raise VersionMissing
        key = (request.headers.get("idempotency-key") or None) if request.method == "POST" else None
        if key is not None:
            idempotency.check_key(key)
        account = self._acting_account(request)
        self._permissions.check(
            route.name, account=account, platform=self.platform, api_key=self._config.api_key
        )
        return Call(
            route=route,
            path=request.path,
            host=request.headers.get("host", ""),
            account=account,
            params=read_parameters(route.schema, _form(request)) | ids,
            request_id=request_id,
            idempotency_key=key,
            api_version=request.headers.get("stripe-version", API_VERSION),
        )

    def _acting_account(self, request: Request) -> str:
        """Source: https://docs.stripe.com/connect/authentication and https://docs.stripe.com/context"""
        header = "stripe-context" if request.path.startswith(V2) else "stripe-account"
        account = request.headers.get(header, self.platform)
        if account != self.platform:
            with self._store.transaction() as tx:
                if tx.find("account", account, account=self.platform) is None:
                    raise AccountInvalid(account, api_key=self._config.api_key)
        return account

    def _perform(self, call: Call, plan: Plan) -> Response:
        key = call.idempotency_key
        with self._keys.hold(call.account, key) if key else nullcontext():
            self._stopping.wait(plan.latency_seconds)
            with self._store.transaction() as tx:
                schedule.run_due(self._context(tx), ACTIONS)
                context = self._context(tx, call)
                saved = idempotency.recall(context, path=call.path, params=call.params)
                if saved is not None:
                    return self._refreshed(context, call, saved)
                aborted = plan.outcome(Moment.INSTEAD_OF_WORK)
                response = aborted if isinstance(aborted, Response) else self._work(context, call)
                injected = plan.outcome(Moment.AFTER_WORK)
                keeps_faults = idempotency.rules_of(call.path).keeps_refusals
                known = injected if isinstance(injected, Response) and keeps_faults else response
                idempotency.save(context, known, path=call.path, params=call.params)
                return _as_first(response, call) if key else response

    def _refreshed(self, context: Context, call: Call, saved: Response) -> Response:
        """Answer a repeated request: API v2 shows the present state of what the first one made or changed.

        Source: https://docs.stripe.com/api-v2-overview#idempotency
        """
        if call.route.refresh is None:
            return saved
        current = call.route.refresh(context, {**call.params, "id": json.loads(saved.body)["id"]})
        return replace(saved, body=json.dumps(current))

    def _work(self, context: Context, call: Call) -> Response:
        """Run the endpoint; a refusal undoes its work and is a response like any other."""
        try:
            with context.tx.savepoint():
                result = call.route.handler(context, call.params)
                result = expand(context, result, call.params.get("expand", []))
        except StripeError as error:
            return self._refusal(error, call.request_id)
        except Exception:
            logger.exception("%s failed", call.route.name)
            return self._refusal(InternalError(), call.request_id)
        return Response(status=200, body=json.dumps(result))

    def _refusal(self, error: StripeError, request_id: str) -> Response:
        body = error.body()
        body["error"]["request_log_url"] = (
            f"https://dashboard.stripe.com/{self.platform}/test/workbench/logs?object={request_id}"
        )
        return Response(status=error.status, body=json.dumps(body), headers=error.headers)

    def _context(self, tx: Transaction, call: Call | None = None) -> Context:
        return Context(
            tx=tx,
            config=self._config,
            platform=self.platform,
            account=call.account if call else self.platform,
            now=self._clock.now(),
            host=call.host if call else "",
            request_id=call.request_id if call else None,
            idempotency_key=call.idempotency_key if call else None,
            api_version=call.api_version if call else API_VERSION,
        )


def _form(request: Request) -> Form:
    if request.method != "POST":
        return decode_form(request.query)
    if request.path.startswith(V2) or request.headers.get("content-type", "").startswith("application/json"):
        return decode_json(request.body)
    return decode_form(request.body)


def _as_first(response: Response, call: Call) -> Response:
    """Mark the first response to a key as Stripe does: what was done must not be tried again.

    Source: https://docs.stripe.com/error-low-level#idempotency
    """
    marks = {"Original-Request": call.request_id, "Stripe-Should-Retry": "false"}
    return replace(response, headers={**response.headers, **marks})
