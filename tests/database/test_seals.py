"""Each day's acts are sealed, and the books check finds every change that the triggers would have refused."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import tasks
from database import acts, sql
from database.acts import Kind
from database.models import ActSeal, RecordedAct
from database.seals import seal_days
from database.staff import Act
from tests.payouts.market import unsound
from tests.payouts.tampering import guards_off

pytestmark = pytest.mark.django_db
LAW = "acts_are_as_sealed"
FIRST = date(2026, 3, 1)
NOW = datetime(2026, 3, 5, 0, 10, tzinfo=UTC)


def act_at(moment: datetime, *, reason: str = "She called") -> RecordedAct:
    row = acts.record(Act("dana", reason), Kind.HOLD)
    assert row
    with guards_off():
        RecordedAct.objects.filter(pk=row.pk).update(at=moment)
    return row


@pytest.fixture
def sealed(db: None) -> list[RecordedAct]:
    """Acts of the first and the third of four sealed days, and one of today."""
    at = datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    rows = [act_at(at), act_at(at + timedelta(days=1, hours=1)), act_at(NOW)]
    assert seal_days(now=NOW) == 4
    return rows


def test_every_day_since_the_first_act_is_sealed_once(sealed: list[RecordedAct]) -> None:
    days = list(ActSeal.objects.order_by("day").values_list("day", "acts"))
    assert days == [(FIRST + timedelta(days=day), count) for day, count in enumerate([1, 0, 1, 0])]
    assert len(set(ActSeal.objects.values_list("digest", flat=True))) == 4
    assert seal_days(now=NOW) == 0
    assert seal_days(now=NOW + timedelta(days=1)) == 1
    assert LAW not in unsound()


def test_nothing_is_sealed_before_the_first_act() -> None:
    assert seal_days(now=NOW) == 0
    assert LAW not in unsound()


def test_the_nightly_task_seals(sealed: list[RecordedAct]) -> None:
    tasks.seal_acts()
    assert ActSeal.objects.latest("day").day == sql.now().date() - timedelta(days=1)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE acts SET reason = 'Nothing' WHERE id = %(first)s",
        "UPDATE acts SET user_id = NULL, actor = 'erin' WHERE id = %(first)s",
        "UPDATE acts SET after = '{\"lifted\": 2}' WHERE id = %(first)s",
        "UPDATE acts SET at = at + interval '1 day' WHERE id = %(first)s",
        "UPDATE acts SET at = at - interval '1 day' WHERE id = %(first)s",
        "DELETE FROM acts WHERE id = %(first)s",
        "DELETE FROM act_seals WHERE day = '2026-03-02'",
        "DELETE FROM act_seals WHERE day = '2026-03-01'",
        """
            INSERT INTO acts (id, actor, via, kind, subject_table, subject_id, reason, before, after, request_id, at)
            SELECT %(another)s, actor, via, kind, subject_table, subject_id, reason, before, after, request_id, at
            FROM acts WHERE id = %(first)s
        """,
    ],
)
def test_a_change_behind_the_triggers_is_found(sealed: list[RecordedAct], tampering: str) -> None:
    with guards_off():
        assert sql.run(tampering, {"first": sealed[0].pk, "another": uuid4()}) == 1
    assert LAW in unsound()


def test_a_forged_day_needs_all_later_seals_to_be_forged(sealed: list[RecordedAct]) -> None:
    with guards_off():
        RecordedAct.objects.filter(pk=sealed[0].pk).update(reason="Nothing")
        sql.run("UPDATE act_seals SET digest = digest_of_acts(day, '') WHERE day = '2026-03-01'")
    assert unsound()[LAW] == ["the acts of 2026-03-02 are not as they were sealed"]


def test_a_seal_is_never_changed(sealed: list[RecordedAct]) -> None:
    for change in (lambda: ActSeal.objects.update(digest="x"), ActSeal.objects.all().delete):
        with pytest.raises(IntegrityError, match="is history"), transaction.atomic():
            change()


def test_the_digest_does_not_depend_on_the_sessions_time_zone(sealed: list[RecordedAct]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Tokyo'")
    assert LAW not in unsound()
