"""`manage.py payment_account`: what staff do to creators' Stripe accounts, each for a reason and by name."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import CreatorPaymentAccount
from tests.factories import CreatorFactory, CreatorPaymentAccountFactory

pytestmark = pytest.mark.django_db


def act(what: str, creator: str, *, reason: str = "Moved to France") -> dict[str, Any]:
    out = StringIO()
    call_command(
        "payment_account", what, creator, "--reason", reason, "--actor", "dana", "--json", stdout=out
    )
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_an_account_is_replaced_for_a_reason_and_by_someone() -> None:
    row = CreatorPaymentAccountFactory.create()
    assert act("replace", row.creator.external_id) == {"replaced": row.stripe_account_id}
    row.refresh_from_db()
    assert (row.replaced_by, row.replace_reason) == ("dana", "Moved to France")


@pytest.mark.parametrize(
    ("creator", "reason", "refusal"),
    [
        ("nobody", "Moved", "does not exist"),
        ("bob", "Moved", "no Stripe account yet"),
        ("alice", " ", "a reason is needed"),
    ],
)
def test_what_can_not_be_done_is_refused_with_a_sentence(creator: str, reason: str, refusal: str) -> None:
    CreatorPaymentAccountFactory.create(creator__external_id="alice")
    CreatorFactory.create(external_id="bob")
    with pytest.raises(CommandError, match=refusal):
        act("replace", creator, reason=reason)
    assert CreatorPaymentAccount.objects.filter(replaced_at=None).count() == 1
