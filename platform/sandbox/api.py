"""From a request to an answer, in Stripe's order.

Faults before work; the key; the address; the acting account; the parameters; then, in one transaction, the
idempotency layer and the work with its events; then faults after work.
"""

import base64
import hmac
import json
import logging
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from http import HTTPStatus
from threading import Event
from typing import Any

from sandbox import accounts, balances, charges, events, idempotency, payouts, schedule, transfers
from sandbox.config import API_VERSION, Config
from sandbox.context import Context
from sandbox.control import PREFIX, Control, Traffic
from sandbox.errors import AccountInvalid, InternalError, JsonObject, StripeError, Unauthenticated, redacted
from sandbox.expansion import expand
from sandbox.faults import Faults, Plan
from sandbox.forms import decode_form, decode_json
from sandbox.ids import new_id
from sandbox.messages import NoAnswer, Request, Response
from sandbox.parameters import read_parameters
from sandbox.router import Route, Router
from sandbox.store import Store, Transaction

logger = logging.getLogger(__name__)

ACTIONS: Mapping[str, schedule.Action] = {
    balances.SETTLE: balances.settle,
    payouts.DEPART: payouts.depart,
    payouts.ARRIVE: payouts.arrive,
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that passed every check which comes before the idempotency layer."""

    route: Route
    path: str
    account: str
    params: JsonObject
    request_id: str
    idempotency_key: str | None


class Api:
    """Answers requests; `stopping` cuts short whatever a fault makes wait."""

    def __init__(self, config: Config, store: Store, *, stopping: Event) -> None:
        self._config = config
        self._store = store
        self._stopping = stopping
        self._faults = Faults(seed=config.seed)
        self._traffic = Traffic()
        self._keys = idempotency.KeysInProgress()
        control = Control(faults=self._faults, traffic=self._traffic)
        self._router = Router(
            (
                *accounts.ROUTES,
                *transfers.ROUTES,
                *charges.ROUTES,
                *payouts.ROUTES,
                *balances.ROUTES,
                *events.ROUTES,
                *control.routes,
            )
        )
        with store.transaction() as tx:
            self.platform = accounts.open_platform(tx, now=time.time())

    def answer(self, request: Request) -> Response | NoAnswer:
        plan = Plan() if request.path.startswith(PREFIX) else self._faults.plan(request.method, request.path)
        request_id = new_id("req")
        response = None if plan.after_work else _fault(plan)
        if response is None:
            try:
                response = self._perform(self._read(request, request_id), plan)
            except StripeError as error:
                response = _refusal(error)
            if plan.after_work:
                response = _fault(plan) or response
        if isinstance(response, NoAnswer):
            return response
        headers = {
            **response.headers,
            "Request-Id": request_id,
            "Stripe-Version": request.headers.get("stripe-version", API_VERSION),
        }
        if key := request.headers.get("idempotency-key"):
            headers["Idempotency-Key"] = key
        return replace(response, headers=headers)

    def pass_time(self) -> None:
        """Do what has become due."""
        with self._store.transaction() as tx:
            schedule.run_due(self._context(tx), ACTIONS)

    def _read(self, request: Request, request_id: str) -> Call:
        """Refuse what Stripe refuses before its idempotency layer."""
        self._authenticate(request.headers.get("authorization", ""))
        route, ids = self._router.match(request.method, request.path)
        self._traffic.count(route)
        account = request.headers.get("stripe-account", self.platform)
        with self._store.transaction() as tx:
            if account != self.platform and tx.find("account", account, account=self.platform) is None:
                raise AccountInvalid(account, api_key=self._config.api_key)
        if request.method != "POST":
            form = decode_form(request.query)
        elif request.headers.get("content-type", "").startswith("application/json"):
            form = decode_json(request.body)
        else:
            form = decode_form(request.body)
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        if key is not None:
            idempotency.check_key(key)
        return Call(
            route=route,
            path=request.path,
            account=account,
            params=read_parameters(route.schema, form) | ids,
            request_id=request_id,
            idempotency_key=key,
        )

    def _authenticate(self, authorization: str) -> None:
        """Source: https://docs.stripe.com/api/authentication"""
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                credentials = base64.b64decode(credentials).decode().partition(":")[0]
            except ValueError:
                credentials = ""
        if not credentials:
            raise Unauthenticated(
                "You did not provide an API key. You need to provide your API key in the Authorization "
                "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
                "https://stripe.com/docs/api#authentication for details, or we can help at "
                "https://support.stripe.com/."
            )
        if not hmac.compare_digest(credentials.encode(), self._config.api_key.encode()):
            raise Unauthenticated(f"Invalid API Key provided: {redacted(credentials)}")

    def _perform(self, call: Call, plan: Plan) -> Response:
        key = call.idempotency_key
        with self._keys.hold(call.account, key) if key else nullcontext():
            self._stopping.wait(plan.latency_seconds)
            with self._store.transaction() as tx:
                context = self._context(tx, call)
                schedule.run_due(self._context(tx), ACTIONS)
                if key is None:
                    return self._work(context, call)
                saved = idempotency.recall(
                    tx, account=call.account, key=key, path=call.path, params=call.params, now=context.now
                )
                if saved:
                    return saved
                response = self._work(context, call)
                if plan.after_work:
                    answered = _fault(plan)
                    response = answered if isinstance(answered, Response) else response
                idempotency.save(
                    tx,
                    response,
                    account=call.account,
                    key=key,
                    path=call.path,
                    params=call.params,
                    request_id=call.request_id,
                    now=context.now,
                )
                return response

    def _work(self, context: Context, call: Call) -> Response:
        """Run the endpoint; a refusal undoes what it did and is an answer like any other."""
        try:
            with context.tx.savepoint():
                result = call.route.handler(context, call.params)
                result = expand(context, result, call.params.get("expand", []))
        except StripeError as error:
            return _refusal(error)
        except Exception:
            logger.exception("%s failed", call.route.name)
            return _refusal(InternalError())
        return Response(status=200, body=_render(result))

    def _context(self, tx: Transaction, call: Call | None = None) -> Context:
        return Context(
            tx=tx,
            config=self._config,
            platform=self.platform,
            account=call.account if call else self.platform,
            now=time.time(),
            request_id=call.request_id if call else None,
            idempotency_key=call.idempotency_key if call else None,
        )


def _fault(plan: Plan) -> Response | NoAnswer | None:
    settings = plan.settings
    match plan.kind:
        case "status":
            return _injected(settings.get("status", 500), settings)
        case "rate_limit_per_second":
            return _injected(429, {"code": "rate_limit", "should_retry": False, **settings})
        case "timeout":
            return NoAnswer(seconds=settings.get("seconds", 0.0))
        case "drop_response_after_work":
            return NoAnswer()
        case "connection_reset":
            return NoAnswer(reset=True)
    return None


def _injected(status: int, settings: dict[str, Any]) -> Response:
    """Source: https://docs.stripe.com/rate-limits and https://docs.stripe.com/error-low-level"""
    default_type = "api_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    error = {
        "type": settings.get("type", default_type),
        "message": settings.get("message", "Injected by the sandbox."),
    }
    if "code" in settings:
        error["code"] = settings["code"]
    headers = {}
    if "should_retry" in settings:
        headers["Stripe-Should-Retry"] = "true" if settings["should_retry"] else "false"
    return Response(status=status, body=_render({"error": error}), headers=headers)


def _refusal(error: StripeError) -> Response:
    return Response(status=error.status, body=_render(error.body()), headers=error.headers)


def _render(body: JsonObject) -> str:
    return json.dumps(body, indent=2)
