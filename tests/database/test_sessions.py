"""Our connections have the settings that our statements rely on, whatever the database's defaults are."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler
from psycopg import sql as composed

from accounts.models import Creator
from database import sql
from payouts.models import Payout
from payouts.services.reconciliation import books
from tests.local_stripe import Stripe
from tests.payouts.market import Market

HOSTILE = {
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "synchronous_commit": "off",
    "statement_timeout": "250ms",
    "lock_timeout": "250ms",
    "idle_in_transaction_session_timeout": "250ms",
    "idle_session_timeout": "250ms",
    "search_path": "elsewhere",
    "TimeZone": "Asia/Kathmandu",
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "standard_conforming_strings": "off",
    "array_nulls": "off",
}
SINCE_17 = {"transaction_timeout": "250ms"}
OURS = {
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "synchronous_commit": "on",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "search_path": '"$user", public',
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    "array_nulls": "on",
}
LONGER_THAN_ANY_TIMEOUT_SECONDS = 0.4

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def outside() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        yield server


@pytest.fixture
def hostile() -> Iterator[None]:
    """Give the tests' database the worst possible defaults for new connections."""
    database = composed.Identifier(connection.settings_dict["NAME"])
    connection.close()
    with outside() as server:
        known = HOSTILE | (SINCE_17 if server.info.server_version >= 170000 else {})
        for name, value in known.items():
            setting = composed.SQL(value) if "," in value else composed.Literal(value)
            server.execute(
                composed.SQL("ALTER DATABASE {} SET {} TO {}").format(
                    database, composed.Identifier(name), setting
                )
            )
    try:
        yield
    finally:
        connection.close()
        with outside() as server:
            server.execute(composed.SQL("ALTER DATABASE {} RESET ALL").format(database))


def settings_of(connected: psycopg.Connection[Any]) -> Mapping[str, str]:
    return {name: connected.execute(f"SHOW {name}").fetchone()[0] for name in OURS}  # type: ignore[index]  # a row


def test_a_databases_settings_do_not_apply_to_our_connections(hostile: None) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"]) as anybody:
        assert all(theirs != OURS[name] for name, theirs in settings_of(anybody).items())
    connection.ensure_connection()
    assert settings_of(connection.connection) == OURS


def test_money_is_earned_and_paid_on_a_database_with_the_worst_defaults(
    hostile: None, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    market = Market()
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    market.sell(alice, 100_00)
    market.run()
    settle()
    assert Payout.objects.get().status == "paid"
    books.require_sound()


@pytest.mark.full
def test_long_statements_are_not_cut_off(hostile: None) -> None:
    with transaction.atomic():
        sql.rows(f"SELECT pg_sleep({LONGER_THAN_ANY_TIMEOUT_SECONDS})")
        time.sleep(LONGER_THAN_ANY_TIMEOUT_SECONDS)
        assert not Creator.objects.exists()
    time.sleep(LONGER_THAN_ANY_TIMEOUT_SECONDS)
    assert not Creator.objects.exists()


def connect(**settings: object) -> BaseDatabaseWrapper:
    return ConnectionHandler({"default": {**connection.settings_dict, **settings}})["default"]


def test_a_search_path_in_the_url_stays() -> None:
    options = {**connection.settings_dict["OPTIONS"], "options": "-csearch_path=elsewhere -cTimeZone=CET"}
    another = connect(OPTIONS=options)
    another.ensure_connection()
    try:
        assert settings_of(another.connection) == OURS | {"search_path": "elsewhere"}
    finally:
        another.close()


def test_a_database_that_cannot_store_every_name_is_refused_each_time() -> None:
    name = f"latin_{uuid4().hex}"
    with outside() as server:
        server.execute(
            f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"
        )
        try:
            another = connect(NAME=name)
            for _ in range(2):
                with pytest.raises(ImproperlyConfigured, match="encoded in LATIN1"):
                    another.ensure_connection()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
