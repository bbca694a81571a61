"""What time alone brings about: bank payouts that arrive, funds that become available.

Kept in the store, so that it survives a restart. Every request first does what is due, so that no answer lags
behind the clock; a background thread does it when no request comes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sandbox.context import Context

# Takes the id of the object whose time has come.
Action = Callable[[Context, str], object]


def put(context: Context, action: str, object_id: str, *, due_at: float) -> None:
    context.tx.execute(
        "insert into schedule (due_at, action, object_id) values (?, ?, ?)", (due_at, action, object_id)
    )


def run_due(context: Context, actions: Mapping[str, Action]) -> None:
    """Do all that is due, in order of its time and as of it, including what it makes due itself."""
    while due := context.tx.execute(
        "select seq, due_at, action, object_id from schedule where due_at <= ? order by due_at, seq limit 1",
        (context.now,),
    ):
        context.tx.execute("delete from schedule where seq = ?", (due[0]["seq"],))
        actions[due[0]["action"]](replace(context, now=due[0]["due_at"]), due[0]["object_id"])
