"""`manage.py payment_account`: staff act on creators' Stripe accounts by name and with a reason."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import CreatorPaymentAccount, Hold, HoldSource
from accounts.services import holds
from database import sql
from database.staff import Act
from tests.factories import CreatorFactory, CreatorPaymentAccountFactory

pytestmark = pytest.mark.usefixtures("dana_and_erin")


def act(what: str, creator: str, *, reason: str = "Moved to France") -> dict[str, Any]:
    out = StringIO()
    call_command(
        "payment_account", what, creator, "--reason", reason, "--actor", "dana", "--json", stdout=out
    )
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def test_an_account_is_replaced_for_a_reason_and_by_someone() -> None:
    row = CreatorPaymentAccountFactory.create()
    assert act("replace", row.creator.external_id) == {"replaced": row.stripe_account_id}
    row.refresh_from_db()
    assert (row.replaced_by, row.replace_reason) == ("dana via cli", "Moved to France")


def test_staff_end_a_cool_down_and_no_other_hold_for_a_reason() -> None:
    creator = CreatorFactory.create(external_id="alice")
    holds.cool_down(creator, reason="another bank account", now=sql.now())
    other = holds.place_hold(creator, source=HoldSource.SYSTEM, act=Act("system", "looks odd"))
    assert act("end_cool_down", "alice", reason="She called") == {"lifted": 1}
    ended = Hold.objects.get(expires_at__isnull=False)
    assert (ended.lifted_by, ended.lift_reason) == ("dana via cli", "She called")
    other.refresh_from_db()
    assert other.lifted_at is None
    with pytest.raises(CommandError, match="A reason is needed"):
        act("end_cool_down", "alice", reason=" ")
    with pytest.raises(CommandError, match=r"no cool-down to lift\. Open holds: System, looks odd"):
        act("end_cool_down", "alice", reason="She called")
    with pytest.raises(CommandError, match="no hold after failed payouts to lift"):
        act("try_again", "alice", reason="She called")


@pytest.mark.parametrize(
    ("creator", "reason", "refusal"),
    [
        ("nobody", "Moved", "There is no creator 'nobody'"),
        ("bob", "Moved", "no Stripe account yet"),
        ("alice", " ", "A reason is needed"),
    ],
)
def test_an_impossible_act_is_refused_with_a_sentence(creator: str, reason: str, refusal: str) -> None:
    CreatorPaymentAccountFactory.create(creator__external_id="alice")
    CreatorFactory.create(external_id="bob")
    with pytest.raises(CommandError, match=refusal):
        act("replace", creator, reason=reason)
    assert CreatorPaymentAccount.objects.filter(replaced_at=None).count() == 1
