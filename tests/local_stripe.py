"""The local Stripe for all tests."""

import json
import time
from typing import Any

import stripe
from django.conf import settings
from django.test import Client

from stripe_io.handlers import handler_of
from tests.answers import Answer


class Stripe:
    """The sandbox for a test: its controls, its state, and its webhooks.

    `client` is Stripe's own, for what somebody else does with the same key.
    """

    def __init__(self, client: stripe.StripeClient, http: Client) -> None:
        self.client = client
        self.delivered: set[str] = set()  # the ids of events
        self._http = http

    def fund(self, amount: int, currency: str = "usd") -> None:
        self.client.raw_request("post", "/_sandbox/fund", amount=amount, currency=currency)

    def inject(self, *rules: dict[str, Any]) -> None:
        self.client.raw_request("post", "/_sandbox/faults", rules=list(rules))

    def clear_faults(self) -> None:
        self.client.raw_request("delete", "/_sandbox/faults")

    def control(self, path: str, **facts: Any) -> dict[str, Any]:
        """Act as a bank, an account holder or a user of Stripe's dashboard; return the result."""
        return dict(self.client.raw_request("post", f"/_sandbox/{path}", **facts).data)

    def stop_transfers(self, account: str) -> None:
        """Withdraw an account's capability to receive transfers, as the platform can in Stripe's dashboard."""
        self.client.v1.accounts.update(account, {"capabilities": {"transfers": {"requested": False}}})

    def remove_bank_account(self, account: str) -> None:
        self.client.raw_request("delete", f"/_sandbox/accounts/{account}/bank_account")

    def state(self, *only: str) -> dict[str, Any]:
        """Return its whole state, or some parts of it."""
        params = {"only": list(only)} if only else {}
        return dict(self.client.raw_request("get", "/_sandbox/state", **params).data)

    def transfers(self) -> list[dict[str, Any]]:
        return list(self.state("transfers")["transfers"])

    def pays(self) -> bool:
        """Check whether any bank payout is still on its way."""
        return any(
            payout["status"] in {"pending", "in_transit"} for payout in self.state("payouts")["payouts"]
        )

    def deliver_webhooks(self) -> int:
        """Deliver the new events that we act on to our webhook; return how many."""
        new = [
            event
            for event in self.events()
            if event["id"] not in self.delivered and handler_of(event["type"])
        ]
        for event in new:
            assert self.post_event(event).status_code == 200
            self.delivered.add(event["id"])
        return len(new)

    def events(self) -> list[dict[str, Any]]:
        """List the events as they are delivered: snapshots, then thin events, which have no data."""
        state = self.state("events", "thin_events")
        thin = [
            {name: value for name, value in event.items() if name not in {"changes", "data"}}
            for event in state["thin_events"]
        ]
        return [*state["events"], *thin]

    def post_event(self, event: dict[str, Any]) -> Answer:
        body = json.dumps(event)
        if event["object"] == "v2.core.event":
            (secret, *_) = settings.STRIPE_THIN_WEBHOOK_SECRETS
        elif event.get("account"):
            (secret, *_) = settings.STRIPE_CONNECT_WEBHOOK_SECRETS
        else:
            (secret, *_) = settings.STRIPE_WEBHOOK_SECRETS
        moment = int(time.time())
        signature = stripe.WebhookSignature._compute_signature(f"{moment}.{body}", secret)
        return self._http.post(
            "/webhooks/stripe",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": f"t={moment},v1={signature}"},
        )
