"""The sandbox's own time: real time, and ahead of it by as much as tests have moved it.

All that depends on time goes by it: schedules, deliveries, faults that end, idempotency keys, and the times that
objects bear. Only what is between two machines does not: `Date`, and the time in a webhook's signature.
"""

import time

from sandbox.store import Store, Transaction


class Clock:
    """How far ahead it is outlives a restart."""

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
