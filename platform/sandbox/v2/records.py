"""What API v2 knows of an account beside what both APIs know, which is the account as v1 shows it."""

import json
from dataclasses import asdict, dataclass, field, replace

from sandbox import switches
from sandbox.context import Context
from sandbox.errors import JsonObject

RECIPIENT, MERCHANT, CUSTOMER = "recipient", "merchant", "customer"
STRIPE_TRANSFERS, PAYOUTS, CARD_PAYMENTS = "stripe_transfers", "payouts", "card_payments"

BALANCE = (STRIPE_TRANSFERS, PAYOUTS)
UNSUPPORTED_COUNTRY: JsonObject = {
    "status": "unsupported",
    "status_details": [{"code": "unsupported_country", "resolution": "no_resolution"}],
}


@dataclass(frozen=True, kw_only=True)
class Record:
    """`standing` has what a control set for a capability that isn't active: a status, a code and a resolution."""

    country: str
    contact_email: str | None = None
    contact_phone: str | None = None
    display_name: str | None = None
    dashboard: str | None = None
    entity_type: str | None = None
    responsibilities: dict[str, str] = field(default_factory=dict)
    locales: list[str] = field(default_factory=list)
    profile: dict[str, str] | None = None
    configurations: list[str] = field(default_factory=list)
    standing: dict[str, JsonObject] = field(default_factory=dict)
    closed: bool = False


def find(context: Context, account_id: str) -> Record | None:
    """Find the record of an account that was made with API v2."""
    rows = context.tx.execute("select record from v2_accounts where id = ?", (account_id,))
    return Record(**json.loads(rows[0]["record"])) if rows else None


def of(context: Context, account: JsonObject) -> Record:
    """Return an account's record; one that v1 made shows what it has in common with those of v2."""
    if record := find(context, account["id"]):
        return record
    configurations = [RECIPIENT] if "transfers" in account["capabilities"] else []
    if "card_payments" in account["capabilities"]:
        configurations.append(MERCHANT)
    return Record(
        country=account["country"].lower(),
        contact_email=account["email"],
        dashboard="express" if account["type"] == "express" else "full",
        entity_type=account["business_type"],
        responsibilities={"fees_collector": "application", "losses_collector": "application"},
        configurations=configurations,
    )


def save(context: Context, account_id: str, record: Record) -> None:
    context.tx.execute(
        "insert or replace into v2_accounts (id, record) values (?, ?)",
        (account_id, json.dumps(asdict(record))),
    )


def without_standing(record: Record, *, capabilities: set[str]) -> Record:
    kept = {name: set_to for name, set_to in record.standing.items() if name not in capabilities}
    return replace(record, standing=kept)


def sends_snapshots(context: Context, account_id: str) -> bool:
    """Whether changes of an account are told by `account.updated`: not known of accounts of API v2."""
    return find(context, account_id) is None or switches.read(context, "account_updated_for_v2")
