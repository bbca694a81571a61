"""How many connections PostgreSQL still has for us."""

from dataclasses import dataclass
from pathlib import Path

from database import sql

_CONNECTIONS = sql.read(Path(__file__).with_name("connections.sql"))
SHORT_BELOW = 0.1  # of all that there may be


@dataclass(frozen=True, slots=True)
class Connections:
    """Those of the tightest limit: the server's, the database's or the role's; what is reserved isn't counted."""

    limit: int
    used: int

    @property
    def available(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def are_short(self) -> bool:
        return self.available < self.limit * SHORT_BELOW


def count_connections() -> Connections:
    """Count all connections under the limit that is reached first, whoever holds them."""
    (row,) = sql.rows(_CONNECTIONS)
    return Connections(limit=row["limit"], used=row["used"])
