"""The sandbox's storage: one SQLite file, one connection, one transaction at a time.

An answered request has been committed to the write-ahead log, so killing the process loses nothing. A power cut may:
`synchronous` is off for speed.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import JsonObject

NEWEST_FIRST = "seq desc"
OLDEST_FIRST = "seq"

# A filter of a list: a column or expression, a comparison, and the value to compare with; for `in`, a JSON array.
Condition = tuple[str, str, str | int]


_OPERANDS = {"in": "(select value from json_each(?))"}

# From each version of schema.sql to the next.
_UPGRADES = ("upgrade_1.sql", "upgrade_2.sql")


def _sql(name: str) -> str:
    return (Path(__file__).parent / name).read_text()


class Transaction:
    """The store, while the lock is held."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only the block's writes if it raises."""
        self._connection.execute("savepoint work")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback to work")
            raise
        finally:
            self._connection.execute("release work")

    def insert(self, obj: Mapping[str, object], *, account: str) -> None:
        """Store a new object; only its owner `account` can see it."""
        self._connection.execute(
            "insert into objects (id, kind, account, body) values (?, ?, ?, ?)",
            (obj["id"], obj["object"], account, json.dumps(obj)),
        )

    def save(self, obj: Mapping[str, object]) -> None:
        self._connection.execute("update objects set body = ? where id = ?", (json.dumps(obj), obj["id"]))

    def get(self, object_id: str) -> JsonObject | None:
        """Find an object by its id, regardless of its owner."""
        rows = self.execute("select body from objects where id = ?", (object_id,))
        return json.loads(rows[0]["body"]) if rows else None

    def find(self, kind: str, object_id: str, *, account: str) -> JsonObject | None:
        """Find an object among those of one kind that the account owns."""
        rows = self.execute(
            "select body from objects where id = ? and kind = ? and account = ?", (object_id, kind, account)
        )
        return json.loads(rows[0]["body"]) if rows else None

    def disown(self, object_id: str) -> None:
        """Remove an object's owner: nobody can see it any more."""
        self.give(object_id, account="")

    def give(self, object_id: str, *, account: str) -> None:
        """Change an object's owner."""
        self._connection.execute("update objects set account = ? where id = ?", (account, object_id))

    def owner(self, object_id: str) -> str:
        return str(self.execute("select account from objects where id = ?", (object_id,))[0]["account"])

    def page(
        self, kind: str, *, account: str, conditions: list[Condition], order: str, limit: int
    ) -> list[JsonObject]:
        """Read an account's objects that meet all conditions; `order` is `NEWEST_FIRST` or `OLDEST_FIRST`."""
        # Columns and comparisons are the endpoints' own constants; everything from outside is a parameter.
        filters = "".join(
            f" and {column} {comparison} {_OPERANDS.get(comparison, '?')}"
            for column, comparison, _ in conditions
        )
        rows = self.execute(
            f"select body from objects where kind = ? and account = ?{filters} order by {order} limit ?",  # noqa: S608
            (kind, account, *(value for _, _, value in conditions), limit),
        )
        return [json.loads(row["body"]) for row in rows]

    def position(self, object_id: str) -> int:
        """Return an object's position in the order of creation."""
        return int(self.execute("select seq from objects where id = ?", (object_id,))[0]["seq"])

    def every(self, kind: str) -> list[JsonObject]:
        """Read all objects of one kind, of all accounts, oldest first."""
        return [obj for _, obj in self.every_owned(kind)]

    def every_owned(self, kind: str) -> list[tuple[str, JsonObject]]:
        """Read them with the accounts that own them."""
        rows = self.execute("select account, body from objects where kind = ? order by seq", (kind,))
        return [(row["account"], json.loads(row["body"])) for row in rows]


class Store:
    """Opens or creates the file; a second process on the same folder is refused."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            folder / "stripe.sqlite3", isolation_level=None, check_same_thread=False, timeout=0
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma locking_mode = exclusive")
        self._connection.execute("pragma synchronous = off")
        self._connection.execute("pragma journal_mode = wal")
        self._upgrade()
        self._connection.executescript(_sql("schema.sql"))

    def _upgrade(self) -> None:
        """Upgrade a file of an older version to what schema.sql expects."""
        (version,) = self._connection.execute("pragma user_version").fetchone()
        (tables,) = self._connection.execute("select count(*) from sqlite_master").fetchone()
        for older, upgrade in enumerate(_UPGRADES):
            if tables and version <= older:
                self._connection.executescript(_sql(upgrade))

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit the block's writes; none of them if it raises."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield Transaction(self._connection)
                self._connection.execute("commit")
            except BaseException:
                self._connection.execute("rollback")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()
