"""The local Stripe that every test may pay through."""

import json
import time
from typing import Any

import stripe
from django.test import Client

from stripe_io.handlers import handler_of
from tests.answers import Answer


class Stripe:
    """The sandbox as a test sees it: its controls, its record of what it moved, and its webhooks.

    `client` is Stripe's own, for what somebody else does with the same key.
    """

    def __init__(self, client: stripe.StripeClient, http: Client, secrets: list[str]) -> None:
        self.client = client
        self._http = http
        self._secrets = secrets
        self._delivered: set[str] = set()

    def fund(self, amount: int, currency: str = "usd") -> None:
        self.client.raw_request("post", "/_sandbox/fund", amount=amount, currency=currency)

    def inject(self, *rules: dict[str, Any]) -> None:
        self.client.raw_request("post", "/_sandbox/faults", rules=list(rules))

    def clear_faults(self) -> None:
        self.client.raw_request("delete", "/_sandbox/faults")

    def control(self, path: str, **facts: Any) -> dict[str, Any]:
        """Do what a bank, an account holder or Stripe's dashboard would; answer what became of it."""
        return dict(self.client.raw_request("post", f"/_sandbox/{path}", **facts).data)

    def stop_transfers(self, account: str) -> None:
        """Withdraw what lets an account be transferred to, as the platform may in Stripe's dashboard."""
        self.client.v1.accounts.update(account, {"capabilities": {"transfers": {"requested": False}}})

    def remove_bank_account(self, account: str) -> None:
        self.client.raw_request("delete", f"/_sandbox/accounts/{account}/bank_account")

    def state(self, *only: str) -> dict[str, Any]:
        """Return its whole record, or some parts of it."""
        asked = {"only": list(only)} if only else {}
        return dict(self.client.raw_request("get", "/_sandbox/state", **asked).data)

    def transfers(self) -> list[dict[str, Any]]:
        return list(self.state("transfers")["transfers"])

    def pays(self) -> bool:
        """Tell whether some bank payout is still on its way."""
        return any(
            payout["status"] in {"pending", "in_transit"} for payout in self.state("payouts")["payouts"]
        )

    def deliver_webhooks(self) -> int:
        """Post the events that we act on and that are not delivered yet to our own address; return how many."""
        new = [
            event
            for event in self.state("events")["events"]
            if event["id"] not in self._delivered and handler_of(event["type"])
        ]
        for event in new:
            assert self.post_event(event).status_code == 200
            self._delivered.add(event["id"])
        return len(new)

    def post_event(self, event: dict[str, Any]) -> Answer:
        body = json.dumps(event)
        secret = self._secrets[1 if event.get("account") else 0]
        moment = int(time.time())
        signature = stripe.WebhookSignature._compute_signature(f"{moment}.{body}", secret)
        return self._http.post(
            "/webhooks/stripe",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": f"t={moment},v1={signature}"},
        )
