"""The sandbox, checked against Stripe's own OpenAPI document.

The document is of September 2023; what came later is known from the fields of the official client.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import stripe
from openapi_schema_validator import OAS31Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.config import Config
from sandbox.forms import Value, decode_form
from sandbox.parameters import Hash, Schema
from sandbox.router import Route
from tests.stripe.extract import EXTRACT, ROUTES

Json = dict[str, Any]


class Contract:
    """Stripe's OpenAPI document, made into JSON Schema."""

    def __init__(self) -> None:
        self.document: Json = _with_nulls(json.loads(EXTRACT.read_text()))
        self._registry: Registry[Any] = Registry().with_resource(
            "urn:stripe", DRAFT202012.create_resource(self.document)
        )

    def operation(self, method: str, path: str) -> Json:
        """Find the operation of a path, which may be a template or contain an id."""
        for template, operations in self.document["paths"].items():
            same_template = re.sub(r"{\w+}", "{id}", template) == path
            pattern = re.sub(r"{\w+}", "[^/]+", template)
            if method.lower() in operations and (same_template or re.fullmatch(pattern, path)):
                return dict(operations[method.lower()])
        raise AssertionError(f"Stripe has no {method} {path}")

    def errors(self, schema: Json, value: object) -> list[str]:
        # References inside are relative to the document.
        inside = json.loads(json.dumps(schema).replace('"#/components', '"urn:stripe#/components'))
        validator = OAS31Validator(inside, registry=self._registry)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def unknown_fields(self, value: object) -> list[str]:
        """List the fields of all nested objects that neither the document nor the client knows."""
        if isinstance(value, list):
            return [field for item in value for field in self.unknown_fields(item)]
        if not isinstance(value, dict):
            return []
        unknown = [field for below in value.values() for field in self.unknown_fields(below)]
        kind = f"deleted_{value['object']}" if value.get("deleted") else value.get("object")
        if isinstance(kind, str) and kind in self.document["components"]["schemas"]:
            known = set(self.document["components"]["schemas"][kind]["properties"])
            known |= _fields_of_client(kind)
            unknown += [f"{kind}.{field}" for field in value if field not in known]
        return unknown


def _fields_of_client(kind: str) -> set[str]:
    """The fields of an object as the official client has them, later ones too."""
    described = getattr(stripe, kind.title().replace("_", ""), None)
    return set(getattr(described, "__annotations__", ()))


def _with_nulls(schema: Any) -> Any:
    """Convert `nullable` to JSON Schema."""
    if isinstance(schema, list):
        return [_with_nulls(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _with_nulls(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


def _typed(schema: Json, value: Value) -> Any:
    """Convert the strings of a form to the types of the schema."""
    options = schema.get("anyOf", [schema])
    if isinstance(value, str):
        types = {option.get("type") for option in options}
        if "integer" in types and re.fullmatch(r"-?\d+", value):
            return int(value)
        if "boolean" in types and value in ("true", "false"):
            return value == "true"
        return value
    if any(option.get("type") == "array" for option in options):
        return list(value.values())
    properties: Json = {}
    for option in options:
        properties |= option.get("properties", {})
    return {key: _typed(properties.get(key, {}), below) for key, below in value.items()}


def _request_schema(operation: Json) -> Json:
    """The schema of the body or, without a body, of the query parameters."""
    body: Json = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    if body.get("properties"):
        return body
    query = [each for each in operation.get("parameters", []) if each["in"] == "query"]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {each["name"]: each["schema"] for each in query},
        "required": [each["name"] for each in query if each["required"]],
    }


class CheckedClient(stripe.RequestsClient):
    """Checks each request and response against the contract."""

    def __init__(self, contract: Contract) -> None:
        super().__init__()
        self._contract = contract
        self.checked: list[str] = []

    def request(  # type: ignore[override]  # as its parent differs from its own
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        body, status, answered = super().request(method, url, headers, post_data)
        path, _, query = url.removeprefix("http://").partition("/")[2].partition("?")
        if path.startswith("v1/"):
            operation = self._contract.operation(method, f"/{path}")
            schema = _request_schema(operation)
            asked = _typed(schema, decode_form(post_data or query))
            assert self._contract.errors(schema, asked) == []
            answer = json.loads(body)
            expected = operation["responses"]["200" if status == 200 else "default"]["content"]
            assert self._contract.errors(expected["application/json"]["schema"], answer) == []
            assert self._contract.unknown_fields(answer) == []
            self.checked.append(f"{method.upper()} /{path} {status}")
        return body, status, answered


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract()


@pytest.fixture
def checked(contract: Contract) -> CheckedClient:
    return CheckedClient(contract)


@pytest.fixture
def connect(config: Config, checked: CheckedClient) -> Callable[[str], stripe.StripeClient]:
    def connect(url: str) -> stripe.StripeClient:
        return stripe.StripeClient(
            config.api_key, base_addresses={"api": url}, max_network_retries=0, http_client=checked
        )

    return connect


def test_the_contract_can_fail(contract: Contract) -> None:
    schema = {"$ref": "#/components/schemas/transfer"}
    assert "'amount' is a required property" in " ".join(contract.errors(schema, {"object": "transfer"}))
    assert contract.unknown_fields({"data": [{"object": "transfer", "colour": "red"}]}) == ["transfer.colour"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_parameter_taken_is_one_of_stripes(contract: Contract, route: Route) -> None:
    schema = _request_schema(contract.operation(route.method, route.path))
    assert _unknown_parameters(route.schema, schema) == []
    taken_as_required = {name for name, parameter in route.schema.items() if parameter.required}
    assert set(schema.get("required", [])) <= taken_as_required


def _unknown_parameters(taken: Schema, schema: Json) -> list[str]:
    options = schema.get("anyOf", [schema])
    properties: Json = {}
    for option in options:
        properties |= option.get("properties", {})
    unknown = [name for name in taken if name not in properties]
    for name, parameter in taken.items():
        if isinstance(parameter, Hash) and name in properties:
            unknown += [
                f"{name}[{below}]" for below in _unknown_parameters(parameter.fields, properties[name])
            ]
    return unknown


def test_accounts_are_as_stripe_describes_them(client: stripe.StripeClient, checked: CheckedClient) -> None:
    account = client.v1.accounts.create(
        {
            "type": "express",
            "country": "DE",
            "email": "alice@example.com",
            "business_type": "individual",
            "business_profile": {"url": "https://example.com", "product_description": "APIs"},
            "capabilities": {"transfers": {"requested": True}},
            "tos_acceptance": {"service_agreement": "full"},
            "settings": {"payouts": {"schedule": {"interval": "manual"}}},
            "metadata": {"creator": "1"},
        }
    )
    client.v1.accounts.update(account.id, {"metadata": {"creator": ""}, "default_currency": "eur"})
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/complete")
    client.v1.accounts.retrieve(account.id)
    client.v1.accounts.retrieve_current()
    client.v1.accounts.list({"limit": 3, "created": {"gte": 1}})
    assert len(checked.checked) == 5


def test_links_are_as_stripe_describes_them(
    client: stripe.StripeClient, checked: CheckedClient, account: str
) -> None:
    client.v1.account_links.create(
        {
            "account": account,
            "type": "account_onboarding",
            "return_url": "https://example.com/return",
            "refresh_url": "https://example.com/refresh",
        }
    )
    client.v1.accounts.login_links.create(account)
    assert len(checked.checked) == 3  # with the account's


def test_transfers_are_as_stripe_describes_them(
    client: stripe.StripeClient, checked: CheckedClient, fund: Callable[[int], None], account: str
) -> None:
    fund(100_00)
    transfer = client.v1.transfers.create(
        {
            "amount": 10_00,
            "currency": "usd",
            "destination": account,
            "description": "May",
            "transfer_group": "payout_1",
            "metadata": {"payout": "1"},
            "expand": ["destination_payment.balance_transaction", "balance_transaction", "destination"],
        }
    )
    client.v1.transfers.update(transfer.id, {"metadata": {"payout": "2"}})
    found = client.v1.transfers.retrieve(transfer.id)
    client.v1.transfers.list({"transfer_group": "payout_1", "destination": account, "created": {"gt": 1}})
    client.v1.charges.retrieve(str(found.destination_payment), {}, {"stripe_account": account})
    assert len(checked.checked) == 6  # with the account's


def test_reversals_are_as_stripe_describes_them(
    client: stripe.StripeClient, checked: CheckedClient, paid_account: str
) -> None:
    (transfer,) = client.v1.transfers.list().data
    reversal = client.v1.transfers.reversals.create(
        transfer.id,
        {
            "amount": 10_00,
            "description": "A mistake",
            "metadata": {"payout": "1"},
            "expand": [
                "balance_transaction.source",
                "destination_payment_refund.balance_transaction",
                "destination_payment_refund.charge",
                "transfer",
            ],
        },
    )
    client.v1.transfers.reversals.retrieve(transfer.id, reversal.id)
    client.v1.transfers.reversals.list(transfer.id, {"limit": 3})
    client.v1.transfers.retrieve(transfer.id, {"expand": ["reversals.data.balance_transaction"]})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 90_01})
    assert len(checked.checked) == 8  # with the account's and the transfer's


def test_bank_payouts_are_as_stripe_describes_them(
    client: stripe.StripeClient, checked: CheckedClient, paid_account: str
) -> None:
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    payout = client.v1.payouts.create(
        {
            "amount": 10_00,
            "currency": "usd",
            "method": "standard",
            "statement_descriptor": "MARKET",
            "metadata": {"payout": "1"},
            "expand": ["balance_transaction", "destination"],
        },
        options,
    )
    client.v1.payouts.update(payout.id, {"metadata": {"payout": "2"}}, options)
    client.v1.payouts.retrieve(payout.id, {}, options)
    client.v1.payouts.list({"status": "pending", "arrival_date": {"gte": 1}, "created": 1}, options)
    client.raw_request("post", f"/_sandbox/payouts/{payout.id}/fail", failure_code="account_closed")
    client.v1.payouts.retrieve(payout.id, {"expand": ["failure_balance_transaction"]}, options)
    cancelled = client.v1.payouts.create({"amount": 10_00, "currency": "usd"}, options)
    client.v1.payouts.cancel(cancelled.id, {}, options)
    assert len(checked.checked) == 9  # with the account's and the transfer


def test_balances_and_events_are_as_stripe_describes_them(
    client: stripe.StripeClient, checked: CheckedClient, paid_account: str
) -> None:
    for options in ({}, {"stripe_account": paid_account}):
        client.v1.balance.retrieve({}, options)  # type: ignore[arg-type]
        transactions = client.v1.balance_transactions.list({"expand": ["data.source"]}, options)  # type: ignore[arg-type]
        client.v1.balance_transactions.retrieve(transactions.data[0].id, {}, options)  # type: ignore[arg-type]
        event = client.v1.events.list({"limit": 1, "created": {"gte": 1}}, options).data[0]  # type: ignore[arg-type]
        client.v1.events.retrieve(event.id, {}, options)  # type: ignore[arg-type]
    assert len(checked.checked) == 12


def test_what_happens_without_us_is_as_stripe_describes_it(
    client: stripe.StripeClient, contract: Contract, paid_account: str
) -> None:
    account = f"/_sandbox/accounts/{paid_account}"
    for path in ("restrict", "enable", "bank_account", "bank_account/edit", "payout"):
        client.raw_request("post", f"{account}/{path}")
    client.raw_request("delete", f"{account}/bank_account")
    client.v1.accounts.retrieve(paid_account)
    client.v1.payouts.list({"expand": ["data.destination"]}, {"stripe_account": paid_account})
    client.raw_request("post", f"{account}/deauthorize")
    events = client.raw_request("get", "/_sandbox/state").data["events"]
    told = [event["data"]["object"] for event in events if event.get("account") == paid_account]
    for obj in told:
        assert contract.errors({"$ref": f"#/components/schemas/{obj['object']}"}, obj) == []
        assert contract.unknown_fields(obj) == []
    kinds = {"account", "application", "balance", "bank_account", "capability", "payout"}
    assert {obj["object"] for obj in told} == kinds


def test_refusals_are_as_stripe_describes_them(
    client: stripe.StripeClient, checked: CheckedClient, account: str
) -> None:
    for refused in (
        lambda: client.v1.transfers.create({"amount": 1, "currency": "usd", "destination": account}),
        lambda: client.v1.transfers.create({"amount": 1, "currency": "usd", "destination": "acct_nobody"}),
        lambda: client.v1.transfers.retrieve("tr_1"),
        lambda: client.v1.accounts.retrieve("acct_nobody"),
        lambda: client.v1.accounts.login_links.create("acct_nobody"),
    ):
        with pytest.raises(stripe.StripeError):
            refused()
    assert [line.rpartition(" ")[2] for line in checked.checked[-5:]] == ["400", "400", "404", "403", "403"]
