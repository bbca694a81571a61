"""What Stripe still asks of an account, or checks itself, and until when.

Source: https://docs.stripe.com/connect/handling-api-verification
"""

from sandbox.accounts import find_account, requirements
from sandbox.context import Context
from sandbox.errors import JsonObject
from sandbox.parameters import Array, Boolean, Integer
from sandbox.router import Route
from sandbox.v2 import changes

# What is due at the latest is due at all: each list has those before it too.
_SOONEST_FIRST = ("past_due", "currently_due", "eventually_due")


def require(context: Context, params: JsonObject) -> JsonObject:
    """Replace what is required, now or in future; neither capabilities nor payouts change by it."""
    before = find_account(context, params["id"])
    part = "future_requirements" if params.get("future") else "requirements"
    deadline = params.get("deadline_in")
    asked = requirements(()) | {
        "current_deadline": context.created + deadline if deadline else None,
        "disabled_reason": before[part]["disabled_reason"],
        "pending_verification": params.get("pending_verification", []),
    }
    due: list[str] = []
    for name in _SOONEST_FIRST:
        due = list(dict.fromkeys([*due, *params.get(name, [])]))
        asked[name] = due
    after = {**before, part: asked}
    changes.record(context, before, after)
    return after


ROUTES = (
    Route(
        "POST",
        "/_sandbox/accounts/{id}/requirements",
        require,
        {
            **{name: Array() for name in (*_SOONEST_FIRST, "pending_verification")},
            "deadline_in": Integer(minimum=1),
            "future": Boolean(),
        },
    ),
)
