"""The sandbox's own time: real time plus as much as tests have moved it ahead.

It is used for everything that depends on time: schedules, deliveries, the end of faults, idempotency keys and the times
of objects. The exceptions are the `Date` header and the time in webhook signatures, which concern two machines.
"""

import time

from sandbox.store import Store, Transaction


class Clock:
    """Keeps its lead over a restart."""

    def __init__(self, store: Store) -> None:
        with store.transaction() as tx:
            moved = tx.execute("select value from meta where name = 'seconds_ahead'")
        self._ahead = int(moved[0]["value"]) if moved else 0

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, tx: Transaction, seconds: int) -> None:
        self._ahead += seconds
        tx.execute(
            "insert or replace into meta (name, value) values ('seconds_ahead', ?)", (str(self._ahead),)
        )
