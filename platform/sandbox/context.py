"""Where a piece of work stands: its transaction, its time, and for whom it is done."""

from dataclasses import dataclass

from sandbox.config import Config
from sandbox.store import Transaction


@dataclass(frozen=True, kw_only=True)
class Context:
    """`account` is the one that acts: the platform, or the connected account that Stripe-Account names.
    `host` is where the client found the sandbox; it is empty, and `request_id` None, for what time brought about.
    """

    tx: Transaction
    config: Config
    platform: str
    account: str
    now: float
    host: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None

    @property
    def created(self) -> int:
        """Now, as Stripe writes it: whole seconds since 1970."""
        return int(self.now)
