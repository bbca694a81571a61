"""Acts are recorded with who, where and why, in the transaction that carries them out, and never changed."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from database import acts
from database.acts import Kind
from database.models import RecordedAct
from database.staff import SYSTEM, Act, Via
from tests.factories import CreatorFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_an_act_is_recorded_with_who_where_what_and_why() -> None:
    dana, alice, payout = UserFactory.create(username="dana"), CreatorFactory.create(), uuid4()
    act = Act("dana via console", "She called", Via.CONSOLE, dana.pk, "203.0.113.7", "req-1")
    acts.record(act, Kind.HOLD, subject=alice, creator=alice.pk, payout=payout, after={"payouts": 2})
    row = RecordedAct.objects.get()
    assert (row.user, row.actor, row.via, row.kind) == (dana, "dana via console", Via.CONSOLE, Kind.HOLD)
    assert (row.subject_table, row.subject_id) == ("creators", str(alice.pk))
    assert (row.creator_id, row.payout_id, row.reason) == (alice.pk, payout, "She called")
    assert (row.before, row.after) == ({}, {"payouts": 2})
    assert (row.address, row.request_id) == ("203.0.113.7", "req-1")


def test_what_the_service_does_by_itself_is_no_act() -> None:
    assert acts.record(Act(SYSTEM, "Expired"), Kind.RELEASE) is None
    assert not RecordedAct.objects.exists()


def test_an_act_that_is_undone_was_none() -> None:
    with transaction.atomic():
        acts.record(Act("dana", "She called"), Kind.HOLD)
        transaction.set_rollback(True)
    assert not RecordedAct.objects.exists()


def test_an_act_is_never_changed_nor_deleted() -> None:
    acts.record(Act("dana", "She called"), Kind.HOLD)
    for change in (lambda: RecordedAct.objects.update(reason="Nothing"), RecordedAct.objects.all().delete):
        with pytest.raises(IntegrityError, match="is history"), transaction.atomic():
            change()


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_fits_its_column(kind: Kind) -> None:
    assert acts.record(Act("dana", "She called"), kind) is not None
