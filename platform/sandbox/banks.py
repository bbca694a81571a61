"""What banks do with payouts: accept them, or return them, if need be days after accepting them.

Source: https://docs.stripe.com/payouts#payout-failures
"""

from collections.abc import Mapping
from functools import partial

from sandbox import balances, bank_accounts, events, rules, schedule
from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject, ResourceMissing
from sandbox.parameters import Array, Choice, Decimal, Hash, Text
from sandbox.router import Route

FAILURES = {
    "account_closed": "The bank account has been closed.",
    "account_frozen": "The bank account has been frozen.",
    "bank_account_restricted": "The bank account has restrictions on the type, or the number, of payouts allowed.",
    "bank_ownership_changed": "The bank account is no longer valid because its branch has changed ownership.",
    "could_not_process": "The bank could not process this payout.",
    "debit_not_authorized": "Debit transactions are not approved on the bank account.",
    "declined": "The bank has declined this transfer. Please contact the bank before retrying.",
    "incorrect_account_holder_address": "The bank account holder address on file is incorrect.",
    "incorrect_account_holder_name": "The bank account holder name on file is incorrect.",
    "incorrect_account_holder_tax_id": "The bank account holder tax ID on file is incorrect.",
    "insufficient_funds": "The Stripe account has insufficient funds to cover the payout.",
    "invalid_account_number": "The routing number seems correct, but the account number is invalid.",
    "invalid_currency": "The bank was unable to process this payout because of its currency.",
    "no_account": "No bank account could be located with the details on file.",
    "unsupported_card": "The bank no longer supports payouts to this card.",
}

# When a payout can fail: before the bank has it, at the bank, or after the bank accepted it.
STAGES = ("pending", "in_transit", "paid")

DEPART = "payout_departs"
ARRIVE = "payout_arrives"
_FAIL = "payout_fails:"
_SUBJECT = "payouts"

_RULES = Array(
    Hash(
        {
            "stage": Choice(STAGES, required=True),
            "failure_code": Choice(tuple(FAILURES), required=True),
            "account": Text(),
            "after_seconds": Decimal(more_than=0),
            **rules.OFTEN,
        }
    )
)


def take(context: Context, payout: JsonObject) -> None:
    """Schedule a new payout: `pending → in_transit → paid` in the set time, unless a rule makes it fail."""
    struck = rules.strike(
        context,
        _SUBJECT,
        payout["id"],
        matches=lambda rule: rule.get("account", context.account) == context.account,
    )
    seconds = context.config.payout_seconds
    way = [(DEPART, seconds / 2), (ARRIVE, seconds)]
    if struck:
        rule = struck[0]
        taken = STAGES.index(rule["stage"])
        fails_after = way[taken][1] if taken < len(way) else seconds + rule.get("after_seconds", seconds)
        way = [*way[:taken], (_FAIL + rule["failure_code"], fails_after)]
    for action, after in way:
        schedule.put(context, action, payout["id"], due_at=context.now + after)


def depart(context: Context, payout_id: str) -> None:
    payout = _find(context, payout_id)
    if payout["status"] == "pending":
        after = {**payout, "status": "in_transit"}
        owner = context.tx.owner(payout_id)
        events.record_change(context, "payout.updated", payout, after, account=owner)


def arrive(context: Context, payout_id: str) -> None:
    payout = _find(context, payout_id)
    if payout["status"] == "in_transit":
        paid = {**payout, "status": "paid"}
        context.tx.save(paid)
        events.emit(context, "payout.paid", paid, account=context.tx.owner(payout_id))


def cancel(context: Context, payout: JsonObject) -> JsonObject:
    return _give_back(context, payout, transaction_type="payout_cancel", changes={"status": "canceled"})


def fail(context: Context, payout_id: str, *, code: str) -> JsonObject:
    """Return the money and mark the bank account as errored; a payout that has failed or was reversed stays so."""
    payout = _find(context, payout_id)
    if payout["status"] not in STAGES or _came_back(context, payout):
        return payout
    _mark_errored(context, context.tx.owner(payout_id), payout["destination"])
    changes = {"status": "failed", "failure_code": code, "failure_message": FAILURES[code]}
    return _give_back(context, payout, transaction_type="payout_failure", changes=changes)


ACTIONS: Mapping[str, schedule.Action] = {
    DEPART: depart,
    ARRIVE: arrive,
    **{_FAIL + code: partial(fail, code=code) for code in FAILURES},
}


def _came_back(context: Context, payout: JsonObject) -> bool:
    """Check whether a reversal brings the money back, or has: it comes back only once."""
    if payout["original_payout"]:
        return bool(payout["status"] == "paid")
    return bool(payout["reversed_by"]) and _find(context, payout["reversed_by"])["status"] in STAGES


def _find(context: Context, payout_id: str) -> JsonObject:
    payout = context.tx.get(payout_id)
    if payout is None or payout["object"] != "payout":
        raise ResourceMissing("payout", payout_id)
    return payout


def _give_back(
    context: Context, payout: JsonObject, *, transaction_type: str, changes: JsonObject
) -> JsonObject:
    owner = context.tx.owner(payout["id"])
    transaction = balances.post(
        context,
        account=owner,
        transaction_type=transaction_type,
        amount=payout["amount"],
        currency=payout["currency"],
        source=payout["id"],
        description=payout["description"],
    )
    after = {**payout, **changes, "failure_balance_transaction": transaction["id"]}
    context.tx.save(after)
    events.emit(context, f"payout.{after['status']}", after, account=owner)
    return after


def _mark_errored(context: Context, account_id: str, bank_account_id: str) -> None:
    """Source: https://docs.stripe.com/api/external_account_bank_accounts/object#account_bank_account_object-status"""
    account = context.tx.get(account_id)
    assert account is not None
    for bank in account["external_accounts"]["data"]:
        if bank["id"] == bank_account_id:
            bank_accounts.change(context, account, bank, {"status": "errored"})


def replace_rules(context: Context, params: JsonObject) -> JsonObject:
    return rules.replace(context, _SUBJECT, params.get("rules", []))


def fail_now(context: Context, params: JsonObject) -> JsonObject:
    payout = _find(context, params["id"])
    if payout["status"] not in STAGES:
        raise InvalidRequest(f"Only payouts that are {', '.join(STAGES)} can fail.")
    return fail(context, payout["id"], code=params.get("failure_code", "could_not_process"))


def trace(context: Context, params: JsonObject) -> JsonObject:
    """Have the bank tell its reference of a payout, as it does up to ten days after it has the money.

    Source: https://docs.stripe.com/payouts/trace-id
    """
    payout = _find(context, params["id"])
    told = {"status": "supported", "value": params["value"]}
    after = {**payout, "trace_id": told}
    events.record_change(context, "payout.updated", payout, after, account=context.tx.owner(payout["id"]))
    return after


ROUTES = (
    Route("POST", "/_sandbox/payouts/{id}/trace", trace, {"value": Text(required=True)}),
    Route("POST", "/_sandbox/payout_failures", replace_rules, {"rules": _RULES}),
    Route("POST", "/_sandbox/payouts/{id}/fail", fail_now, {"failure_code": Choice(tuple(FAILURES))}),
)
