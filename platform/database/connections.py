"""How many more connections PostgreSQL can give us."""

from dataclasses import dataclass
from pathlib import Path

from database import sql

_CONNECTIONS = sql.read(Path(__file__).with_name("connections.sql"))
SHORT_BELOW = 0.1  # as a share of the limit


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections under the tightest limit: the server's, the database's or the role's, without reserved ones."""

    limit: int
    used: int

    @property
    def available(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def are_short(self) -> bool:
        return self.available < self.limit * SHORT_BELOW


def count_connections() -> Connections:
    """Count the connections of all clients under the limit that is reached first."""
    (row,) = sql.rows(_CONNECTIONS)
    return Connections(limit=row["limit"], used=row["used"])
