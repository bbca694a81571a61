"""A creator's account, as the service opens it with API v2."""

from typing import Any

ALL_PARTS = ["configuration.recipient", "defaults", "identity", "requirements", "future_requirements"]
V2_ACCOUNT: dict[str, Any] = {
    "contact_email": "ada@example.com",
    "display_name": "Ada",
    "dashboard": "express",
    "identity": {"country": "de", "entity_type": "individual"},
    "defaults": {
        "currency": "eur",
        "responsibilities": {"fees_collector": "application", "losses_collector": "application"},
    },
    "configuration": {
        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
    },
    "metadata": {"creator": "42"},
    "include": ALL_PARTS,
}
