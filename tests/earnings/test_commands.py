"""The remaining commands of earnings."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from database.models import RecordedAct
from earnings.models import BillingSource
from earnings.tasks import post_due
from tests.feeding import earned, feed, record

pytestmark = pytest.mark.django_db


def said(*command: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(*command, "--json", stdout=out)
    return dict(json.loads(out.getvalue().splitlines()[-1]))


def test_a_source_is_registered_once() -> None:
    assert said("add_source", "billing") == {"source": "billing"}
    assert said("add_source", "billing") == {"source": "billing"}
    assert BillingSource.objects.count() == 1
    (act,) = RecordedAct.objects.filter(kind="add_source")
    assert (act.actor, act.subject_id) == ("the operator via cli", str(BillingSource.objects.get().pk))


@pytest.mark.parametrize("name", ["", "a b", "a/b", "s" * 256])
def test_a_source_needs_a_valid_name(name: str) -> None:
    with pytest.raises(CommandError, match="is not a valid name for a source"):
        call_command("add_source", name)
    assert not BillingSource.objects.exists()


@pytest.mark.usefixtures("alice")
def test_posting_by_command_reports_how_much(source: BillingSource) -> None:
    feed(source, record(), record())
    assert said("post_earnings") == {"batches": 1, "records": 2, "rows": 1, "set_aside": 0}
    assert said("post_earnings") == {"batches": 0, "records": 0, "rows": 0, "set_aside": 0}


@pytest.mark.usefixtures("alice")
def test_posting_by_beat_does_the_same(source: BillingSource) -> None:
    feed(source, record())
    post_due()
    post_due()
    assert earned() == [("alice", "api-a", "2024-01", 1000, 200, 800)]
