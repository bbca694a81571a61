"""What the console tells staff to do about a quarantined record works."""

import pytest
from django.test import Client

from accounts.models import Creator, User
from database.display import page_of
from earnings.models import WAITING, BillingSource, QuarantinedRecord, Reason
from earnings.remedies import CORRECTED_COPY, remedy
from earnings.services.quarantine import enter_ready
from tests.feeding import NOW, feed, held, record, refund

ENTERS = "enters automatically"


@pytest.mark.parametrize("reason", Reason)
def test_only_records_that_do_are_said_to_enter_automatically(reason: Reason) -> None:
    advice = remedy(QuarantinedRecord(reason=reason, content={}))
    assert (ENTERS in advice) == (reason in WAITING)
    assert "corrected" in advice or reason == Reason.OWNER_UNKNOWN or ENTERS in advice


@pytest.mark.django_db
def test_a_refund_that_names_another_creator_than_its_charge_needs_a_corrected_copy(
    source: BillingSource, alice: Creator, bob: Creator, client: Client
) -> None:
    sold = record()
    feed(source, sold)
    wrong = refund(sold, record_id="r-1", creator_id="bob")
    feed(source, wrong)
    assert held() == [("r-1", "owner_mismatch")]
    waits = QuarantinedRecord.objects.get()
    assert enter_ready(now=NOW) == 0
    assert CORRECTED_COPY in remedy(waits)
    assert ENTERS not in remedy(waits)
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(page_of(waits)).content.decode()
    assert "must send a corrected copy under the same id" in page

    assert feed(source, wrong | {"creator_id": "alice"}).accepted == 1
    assert remedy(QuarantinedRecord.objects.get()) == ""
