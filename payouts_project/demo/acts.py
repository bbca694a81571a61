"""The demo's actions: the service's commands, and the sandbox's controls for everything that happens outside."""

import json
from contextlib import suppress
from functools import partial
from io import StringIO
from typing import Any

from django.core.management import call_command

from payouts_project.demo import people
from stripe_io.client import call, client


def command(name: str, *arguments: object) -> dict[str, Any]:
    """Run a management command; return its result."""
    out = StringIO()
    # Some commands exit with 1 if a person should look at their result.
    with suppress(SystemExit):
        call_command(name, *map(str, arguments), "--json", stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return result


def as_finance(name: str, *arguments: object, reason: str) -> None:
    """Run a command as the member of staff who works in finance."""
    command(name, *arguments, "--reason", reason, "--actor", people.FINANCE)


def as_approver(name: str, *arguments: object, reason: str) -> None:
    """Run a command as the member of staff who approves."""
    command(name, *arguments, "--reason", reason, "--actor", people.APPROVER)


def outside(path: str, **facts: Any) -> dict[str, Any]:
    """Act as a bank, an account holder or a user of Stripe's dashboard: see docs/sandbox.md."""
    answer = call(partial(client().raw_request, "post", f"/_sandbox/{path}", **facts))
    return dict(answer.data)
