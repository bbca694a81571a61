"""What happens with time alone: bank payouts arrive, funds become available.

The schedule is in the store, so it survives a restart. Every request first does what is due, so that no response lags
behind the clock; between requests a background thread does it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sandbox.context import Context

# Called with the id of the due object.
Action = Callable[[Context, str], object]


def put(context: Context, action: str, object_id: str, *, due_at: float) -> None:
    context.tx.execute(
        "insert into schedule (due_at, action, object_id) values (?, ?, ?)", (due_at, action, object_id)
    )


def run_due(context: Context, actions: Mapping[str, Action]) -> None:
    """Do everything that is due, in the order of its time and as of that time, including what becomes due by it."""
    while due := context.tx.execute(
        "select seq, due_at, action, object_id from schedule where due_at <= ? order by due_at, seq limit 1",
        (context.now,),
    ):
        context.tx.execute("delete from schedule where seq = ?", (due[0]["seq"],))
        actions[due[0]["action"]](replace(context, now=due[0]["due_at"]), due[0]["object_id"])
