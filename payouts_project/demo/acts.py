"""What the demonstration does: the service's own commands, and the sandbox's controls for all that happens outside."""

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
    # Some end with 1 where their result is for a person to look into.
    with suppress(SystemExit):
        call_command(name, *map(str, arguments), "--json", stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return result


def as_finance(name: str, *arguments: object, reason: str) -> None:
    """Have the member of staff who works in finance do something."""
    command(name, *arguments, "--reason", reason, "--actor", people.FINANCE)


def outside(path: str, **facts: Any) -> dict[str, Any]:
    """Do what a bank, an account holder or Stripe's dashboard would: see docs/sandbox.md."""
    answer = call(partial(client().raw_request, "post", f"/_sandbox/{path}", **facts))
    return dict(answer.data)
