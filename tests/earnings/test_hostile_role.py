"""The settings of the role that reads the marketplace's tables don't matter."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from earnings.reading import tables
from tests.earnings.marketplace import FIRST_CHANGE, GRANTS, Marketplace

TIMEOUT = "250ms"
LONGER_SECONDS = 0.4
HOSTILE = {
    "client_encoding": "'LATIN1'",
    "TimeZone": "'Asia/Kathmandu'",
    "DateStyle": "German, DMY",
    "default_transaction_isolation": "'serializable'",
    "statement_timeout": f"'{TIMEOUT}'",
    "lock_timeout": f"'{TIMEOUT}'",
    "idle_in_transaction_session_timeout": f"'{TIMEOUT}'",
    "transaction_timeout": f"'{TIMEOUT}'",
}

pytestmark = pytest.mark.django_db


def everything(parameters: dict[str, Any]) -> list[object]:
    """Read everything slowly."""
    found: list[object] = []
    with tables.open_billing_tables(parameters) as opened:
        invoices = opened.invoices(since=FIRST_CHANGE - timedelta(days=1))
        chunks: Iterator[Sequence[object]] = chain(invoices, opened.apis())
        for chunk in chunks:
            time.sleep(LONGER_SECONDS)
            found += chunk
    return found


@pytest.mark.full
def test_the_roles_settings_do_not_change_what_is_read(
    marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "CHUNK", 1)
    for number in (1, 2):
        marketplace.sell(number)
    marketplace.run("UPDATE apis SET name = 'Погода'")
    with marketplace.role(grants=GRANTS) as parameters:
        before = everything(parameters)
        for (name,) in marketplace.run("SELECT name FROM pg_settings WHERE name = ANY (%s)", list(HOSTILE)):
            marketplace.run(f"ALTER ROLE {parameters['user']} SET {name} TO {HOSTILE[name]}")
        assert everything(parameters) == before
    assert len(before) == 3
