"""A restricted key: which permissions it lacks, and what each endpoint needs.

Stripe names permissions only in refusals. `rak_account_write`, `rak_account_link_write`, `rak_charge_read`,
`rak_accounts_kyc_basic_read` and `rak_transfer_write` are known from them; the other names are formed likewise.

Source: https://docs.stripe.com/keys/restricted-api-keys
"""

from collections.abc import Mapping

from sandbox.context import Context
from sandbox.errors import ConnectPermissionMissing, JsonObject, PermissionMissing
from sandbox.parameters import Array, Choice
from sandbox.router import Route

CONNECT = "connect"
NEEDED: Mapping[str, str] = {
    "GET /v1/account": "rak_accounts_kyc_basic_read",
    "GET /v1/accounts": "rak_account_read",
    "GET /v1/accounts/{id}": "rak_account_read",
    "POST /v1/accounts": "rak_account_write",
    "POST /v1/accounts/{id}": "rak_account_write",
    "POST /v1/accounts/{id}/login_links": "rak_login_link_write",
    "POST /v1/account_links": "rak_account_link_write",
    "GET /v1/balance": "rak_balance_read",
    "GET /v1/balance_settings": "rak_balance_settings_read",
    "POST /v1/balance_settings": "rak_balance_settings_write",
    "GET /v1/balance_transactions": "rak_balance_transaction_read",
    "GET /v1/charges/{id}": "rak_charge_read",
    "GET /v1/payouts": "rak_payout_read",
    "GET /v1/payouts/{id}": "rak_payout_read",
    "POST /v1/payouts": "rak_payout_write",
    "GET /v1/transfers": "rak_transfer_read",
    "GET /v1/transfers/{id}": "rak_transfer_read",
    "POST /v1/transfers": "rak_transfer_write",
    "POST /v1/transfers/{id}/reversals": "rak_transfer_write",
    "GET /v1/webhook_endpoints": "rak_webhook_read",
    "GET /v2/core/accounts": "rak_v2_account_read",
    "GET /v2/core/accounts/{id}": "rak_v2_account_read",
    "POST /v2/core/accounts": "rak_v2_account_write",
    "GET /v2/core/events/{id}": "rak_v2_event_read",
    "GET /v2/core/event_destinations": "rak_event_destination_read",
}


class Permissions:
    """What the API key lacks; nothing at first, as a secret key has all permissions."""

    def __init__(self) -> None:
        self._missing: frozenset[str] = frozenset()

    def check(self, route: str, *, account: str, platform: str, api_key: str) -> None:
        """Refuse a request that the key has no permission for.

        Raises: ConnectPermissionMissing, PermissionMissing.
        """
        if CONNECT in self._missing and account != platform:
            raise ConnectPermissionMissing
        needed = NEEDED.get(route, "")
        if needed in self._missing:
            raise PermissionMissing(needed, account=account, api_key=api_key)

    def withdraw(self, context: Context, params: JsonObject) -> JsonObject:
        """Have the key lack these permissions, and no others."""
        self._missing = frozenset(params.get("missing", []))
        return {"missing": sorted(self._missing)}

    @property
    def routes(self) -> tuple[Route, ...]:
        names = Choice((CONNECT, *sorted(set(NEEDED.values()))))
        return (Route("POST", "/_sandbox/permissions", self.withdraw, {"missing": Array(names)}),)
