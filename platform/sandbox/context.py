"""The context of a piece of work: its transaction, its time and the acting account."""

from dataclasses import dataclass

from sandbox.config import API_VERSION, Config
from sandbox.store import Transaction


@dataclass(frozen=True, kw_only=True)
class Context:
    """`account` is the acting account: the platform, or the connected account in Stripe-Account. `host` is the host
    that the client connected to, and `api_version` the version that it asked for. For scheduled work `host` is empty
    and `request_id` None.
    """

    tx: Transaction
    config: Config
    platform: str
    account: str
    now: float
    host: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None
    api_version: str = API_VERSION

    @property
    def created(self) -> int:
        """Now, in Stripe's format: whole seconds since 1970."""
        return int(self.now)
