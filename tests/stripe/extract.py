"""`python -m tests.stripe.extract spec3.yaml`: cut what the tests need out of Stripe's OpenAPI document.

Kept are the operations that the sandbox serves, and the objects that it answers with, without their prose. Where one
of these may contain an object that is not kept, the extract has its id only, or leaves the field out.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from sandbox import accounts, balances, charges, events, links, payouts, reversals, transfers

Json = dict[str, Any]

EXTRACT = Path(__file__).with_name("openapi.json")
ROUTES = (
    *accounts.ROUTES,
    *links.ROUTES,
    *transfers.ROUTES,
    *reversals.ROUTES,
    *charges.ROUTES,
    *payouts.ROUTES,
    *balances.ROUTES,
    *events.ROUTES,
)
OBJECTS = {
    "account",
    "account_link",
    "application",
    "balance",
    "balance_transaction",
    "bank_account",
    "capability",
    "charge",
    "deleted_bank_account",
    "event",
    "login_link",
    "payout",
    "refund",
    "transfer",
    "transfer_reversal",
}
# Why a bank sends money back, by the codes of two products that name them all.
CODES_OF_BANKS = {
    "treasury_outbound_payments_resource_returned_status",
    "treasury_outbound_transfers_resource_returned_details",
}
PROSE = {"description", "title", "externalDocs", "tags"}
SCHEMA = "#/components/schemas/"


class Extract:
    """The part of the document that is kept, as it grows."""

    def __init__(self, document: Json) -> None:
        self._schemas: Json = document["components"]["schemas"]
        self.schemas: Json = {}
        self.paths: Json = {}
        served = {(route.method.lower(), _shape(route.path)) for route in ROUTES}
        for template, operations in document["paths"].items():
            kept = {
                method: self._pruned(asked)
                for method, asked in operations.items()
                if (method, _shape(template)) in served
            }
            if kept:
                self.paths[template] = kept
        for name in self._schemas:
            if name in OBJECTS or name in CODES_OF_BANKS:
                self._keep(name)

    def _keep(self, name: str) -> None:
        if name not in self.schemas:
            self.schemas[name] = {}  # it may refer to itself
            self.schemas[name] = self._pruned(self._schemas[name])

    def _is_left_out(self, schema: object) -> bool:
        """Tell whether a schema is nothing but an object that is not kept, or a list of such."""
        if not isinstance(schema, dict):
            return False
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(SCHEMA)
            return "object" in self._schemas[name].get("properties", {}) and name not in OBJECTS
        options = schema.get("anyOf") or [schema.get("items")]
        return all(map(self._is_left_out, options))

    def _pruned(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._pruned(item) for item in schema if not self._is_left_out(item)]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            self._keep(schema["$ref"].removeprefix(SCHEMA))
            return schema
        made = {
            key: self._pruned(value)
            for key, value in schema.items()
            if key not in PROSE and key != "properties" and not key.startswith("x-")
        }
        if "properties" in schema:
            kept = {
                name: below for name, below in schema["properties"].items() if not self._is_left_out(below)
            }
            made["properties"] = {name: self._pruned(below) for name, below in kept.items()}
            made["required"] = [name for name in schema.get("required", []) if name in kept]
        return made


def main() -> None:
    """Write the extract anew, with a line for each schema and each path."""
    document = yaml.load(Path(sys.argv[1]).read_bytes(), Loader=yaml.CSafeLoader)
    extract = Extract(document)
    version = json.dumps(document["info"]["version"])
    lines = [
        f'{{"openapi": "{document["openapi"]}", "info": {{"title": "Stripe API", "version": {version}}},',
        '"paths": {',
        _lines(extract.paths),
        '}, "components": {"schemas": {',
        _lines(extract.schemas),
        "}}}",
    ]
    EXTRACT.write_text("\n".join(lines) + "\n")


def _shape(path: str) -> str:
    """Return a path whatever its parameters are called."""
    return re.sub(r"{\w+}", "{}", path)


def _lines(named: Json) -> str:
    return ",\n".join(
        f"{json.dumps(name)}: {json.dumps(named[name], separators=(',', ':'), sort_keys=True)}"
        for name in sorted(named)
    )


if __name__ == "__main__":
    main()
