"""What staff confirmed is remembered as long as its form can be sent, and then forgotten."""

from datetime import timedelta
from uuid import uuid4

import pytest

from console import tasks
from console.acting.submissions import KEPT, Result, once
from console.models import Outcome, Submission
from database import sql
from tests.factories import UserFactory


@pytest.mark.django_db
def test_submissions_are_forgotten_once_no_form_of_theirs_can_be_sent_any_more() -> None:
    user = UserFactory.create()
    done = Result(Outcome.DONE, "Held")
    for act in ("hold", "release", "cancel"):
        once(uuid4(), user_id=user.pk, act=act, carry_out=lambda: done)
    now = sql.now()
    Submission.objects.filter(act="hold").update(begun_at=now - KEPT - timedelta(minutes=1))
    Submission.objects.filter(act="release").update(begun_at=now - KEPT + timedelta(minutes=1))
    tasks.forget_submissions()
    assert set(Submission.objects.values_list("act", flat=True)) == {"release", "cancel"}
