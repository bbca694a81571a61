"""The work that statements cause, measured by the database's own query plans."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "--")


@contextmanager
def explained() -> Iterator[list[dict[str, Any]]]:
    """Collect each statement's plan with actual row counts; each runs twice, and the first run is rolled back."""
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
    """Count the pairs of rows that a plan's joins compared without a match."""
    own = int(plan.get("Rows Removed by Join Filter", 0)) * int(plan["Actual Loops"])
    return own + sum(compared(part) for part in plan.get("Plans", []))


def rows(plan: dict[str, Any]) -> int:
    """Count the rows that a plan's nodes returned or discarded."""
    per_loop = plan["Actual Rows"] + sum(
        count for name, count in plan.items() if name.startswith("Rows Removed by")
    )
    return int(per_loop * plan["Actual Loops"]) + sum(rows(part) for part in plan.get("Plans", []))
