"""What a marketplace has lived through, saved once for all tests of a session that start from there."""

import shutil
from pathlib import Path

from tests.emptying import SavedRows
from tests.local_stripe import Stripe


class History:
    """Our rows and Stripe's as they were at one moment. Nothing is saved at first."""

    def __init__(self, stripe: Path) -> None:
        self._stripe = stripe
        self._state: Path | None = None
        self._rows: SavedRows | None = None
        self._delivered: frozenset[str] = frozenset()

    def prepare_stripe(self, state: Path) -> None:
        """Put Stripe's state into the folder of a sandbox that doesn't run yet."""
        self._state = state
        if self._rows:
            shutil.copytree(self._stripe, state)

    def save(self, sandbox: Stripe) -> None:
        """Save what is there now. Nothing is on its way, so the sandbox writes nothing meanwhile."""
        assert self._state
        self._rows = SavedRows("rows_of_history")
        self._delivered = frozenset(sandbox.delivered)
        shutil.copytree(self._state, self._stripe)

    def resume(self, sandbox: Stripe) -> bool:
        """Put our rows back, if there are any; `sandbox` has Stripe's state."""
        if not self._rows:
            return False
        self._rows.give_back()
        sandbox.delivered |= self._delivered
        return True
