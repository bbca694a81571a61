"""Rules for bank payouts and events: set by tests, kept in the store, drawn with the seed.

A rule hits `count` times, or with a `probability`; otherwise always.
"""

import json
import random
from collections.abc import Callable

from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.parameters import Decimal, Integer, Schema

OFTEN: Schema = {"count": Integer(minimum=1), "probability": Decimal()}


def replace(context: Context, subject: str, rules: list[JsonObject]) -> JsonObject:
    """Replace all rules about a subject with these, or with none."""
    context.tx.execute("delete from rules where subject = ?", (subject,))
    for rule in rules:
        context.tx.execute(
            "insert into rules (subject, settings, remaining) values (?, ?, ?)",
            (subject, json.dumps(rule), rule.get("count")),
        )
    return {"rules": rules}


def strike(
    context: Context, subject: str, object_id: str, *, matches: Callable[[JsonObject], bool]
) -> list[JsonObject]:
    """Return the rules that hit an object, in their order, each with what is left of its chance as `drawn`.

    The draw depends on the seed and the number of objects before, so that a restart changes nothing.
    """
    chance = random.Random(f"{context.config.seed}/{subject}/{context.tx.position(object_id)}")  # noqa: S311 - must be repeatable
    struck = []
    for row in context.tx.execute("select * from rules where subject = ? order by seq", (subject,)):
        rule = json.loads(row["settings"])
        hit, drawn = chance.random(), chance.random()
        if row["remaining"] == 0 or not matches(rule) or hit >= rule.get("probability", 1.0):
            continue
        context.tx.execute("update rules set remaining = remaining - 1 where seq = ?", (row["seq"],))
        struck.append({**rule, "drawn": drawn})
    return struck
