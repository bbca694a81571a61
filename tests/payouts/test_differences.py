from uuid import UUID

import pytest

from database import sql
from database.staff import Act
from money import Money
from payouts.errors import DifferenceResolved
from payouts.models import Difference, DifferenceKind
from payouts.services import differences

pytestmark = pytest.mark.django_db


def found(amount: int = 500) -> Difference:
    return differences.open_difference(
        DifferenceKind.FOREIGN_BANK_PAYOUT,
        subject="po_1",
        amount=Money(amount, "USD"),
        detail="found",
        account="acct_1",
        now=sql.now(),
    )


def test_a_difference_found_again_is_updated() -> None:
    first = found(500)
    again = found(700)

    assert again.pk == first.pk
    assert Difference.objects.get().amount == 700


def test_a_difference_found_again_after_it_was_resolved_is_a_new_one() -> None:
    first = found()
    differences.resolve_difference(first.pk, act=Act("dana", "explained"), now=sql.now())

    assert found().pk != first.pk


def test_it_is_resolved_once() -> None:
    difference = found()
    differences.resolve_difference(difference.pk, act=Act("dana", "explained"), now=sql.now())
    with pytest.raises(DifferenceResolved):
        differences.resolve_difference(difference.pk, act=Act("erin", "again"), now=sql.now())
    with pytest.raises(DifferenceResolved):
        differences.own_difference(difference.pk, act=Act("erin", "Hers"))
    with pytest.raises(DifferenceResolved):
        differences.own_difference(UUID(int=1), act=Act("erin", "Hers"))

    difference.refresh_from_db()
    assert (difference.resolved_by, difference.resolution) == ("dana", "explained")
