"""What the database's own plans say of the work that statements were."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "--")


@contextmanager
def explained() -> Iterator[list[dict[str, Any]]]:
    """Collect the plan of each statement, with what it came to; each is done twice, and the first time undone."""
    plans: list[dict[str, Any]] = []

    def explain(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        if statement.lstrip().startswith(_EXPLAINED):
            execute("SAVEPOINT explained", None, False, context)
            execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", params, many, context)
            plans.append(context["cursor"].fetchone()[0][0]["Plan"])
            execute("ROLLBACK TO SAVEPOINT explained", None, False, context)
        return execute(statement, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def compared(plan: dict[str, Any]) -> int:
    """Count the pairs of rows that a plan's joins compared in vain."""
    own = int(plan.get("Rows Removed by Join Filter", 0)) * int(plan["Actual Loops"])
    return own + sum(compared(part) for part in plan.get("Plans", []))


def rows(plan: dict[str, Any]) -> int:
    """Count the rows that a plan's parts handed on, looked at in vain or compared in vain."""
    each = plan["Actual Rows"] + sum(
        count for name, count in plan.items() if name.startswith("Rows Removed by")
    )
    return int(each * plan["Actual Loops"]) + sum(rows(part) for part in plan.get("Plans", []))
