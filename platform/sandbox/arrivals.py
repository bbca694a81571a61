"""When it is known what a transfer brought: usually at once, by a rule only after some reads of its payment.

Until then the payment has no balance transaction. Source: https://github.com/antiwork/gumroad/pull/5150
"""

from sandbox import rules
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.parameters import Array, Hash, Integer
from sandbox.router import Route

_SUBJECT = "arrivals"
_RULES = Array(Hash({"reads": Integer(minimum=1, required=True), **rules.OFTEN}))


def decide(context: Context, payment_id: str) -> None:
    """Decide after how many reads a new payment shows its balance transaction."""
    struck = rules.strike(context, _SUBJECT, payment_id, matches=lambda rule: True)
    if struck:
        context.tx.execute(
            "insert into unknown_arrivals (payment, reads) values (?, ?)", (payment_id, struck[0]["reads"])
        )


def read(context: Context, payment: JsonObject) -> JsonObject:
    """Return a payment as this read of it shows it."""
    left = context.tx.execute(
        "update unknown_arrivals set reads = reads - 1 where payment = ? and reads > 0 returning reads",
        (payment["id"],),
    )
    return payment | {"balance_transaction": None} if left else payment


def replace_rules(context: Context, params: JsonObject) -> JsonObject:
    return rules.replace(context, _SUBJECT, params.get("rules", []))


ROUTES = (Route("POST", "/_sandbox/arrivals", replace_rules, {"rules": _RULES}),)
