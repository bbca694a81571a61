"""Copies of databases on one server, as a backup and its restoration make them."""

import psycopg
from django.db import connections
from psycopg.sql import SQL, Identifier


class Databases:
    """`admin_url` connects to another database of the server than those that are copied."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url

    def copy(self, source: str, target: str) -> None:
        """Make `target` a copy of `source`; what `target` was is lost."""
        connections.close_all()
        with psycopg.connect(self._admin_url, autocommit=True) as admin:
            # Backends of killed processes may not have noticed yet.
            connected = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            admin.execute(connected, [source])
            admin.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(target)))
            copied = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            admin.execute(copied.format(Identifier(target), Identifier(source)))
