"""The limit that is reached first decides how many connections are left."""

import os

import psycopg
import pytest
from django.db import connection

from database import sql
from database.connections import Connections, count_connections
from tests.database.limits import limit_connections

pytestmark = pytest.mark.django_db


def test_reserved_connections_do_not_count() -> None:
    assert count_connections().limit == 100 - 3  # PostgreSQL's own defaults, which local mode keeps


def test_a_database_can_have_a_lower_limit_than_the_server() -> None:
    limit_connections(7)
    assert count_connections() == Connections(limit=7, used=1)


def test_a_role_can_have_a_lower_limit_than_its_database() -> None:
    sql.run("ALTER ROLE CURRENT_USER CONNECTION LIMIT 6")
    limit_connections(20)
    assert count_connections().limit == 6


@pytest.mark.parametrize(("used", "available", "short"), [(90, 10, False), (91, 9, True), (120, 0, True)])
def test_connections_are_short_when_less_than_a_tenth_is_left(used: int, available: int, short: bool) -> None:
    counted = Connections(limit=100, used=used)
    assert (counted.available, counted.are_short) == (available, short)


def test_other_roles_connections_count_even_if_they_are_hidden() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"]):
        everything = count_connections().used
        sql.run("CREATE ROLE onlooker")
        sql.run("SET LOCAL ROLE onlooker")
        assert count_connections().used == everything
