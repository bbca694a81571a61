"""The settings of a sandbox."""

from dataclasses import dataclass
from pathlib import Path

# The API version of events, and of requests without Stripe-Version.
API_VERSION = "2026-08-26.dahlia"


@dataclass(frozen=True, kw_only=True)
class Config:
    """`webhook_secrets` has the platform endpoint's secret first and the Connect endpoint's last; one secret serves
    for both. `thin_secrets` has the secrets of thin event destinations in the same way: of the platform's own events,
    and of connected accounts'; without one there is no such destination. With an empty `webhook_url`, nothing is
    delivered. `platform_country` is the platform's from the first start on. `seed` decides which requests a fault with
    a probability hits; ids stay unguessable.
    """

    state: Path
    api_key: str
    webhook_url: str = ""
    webhook_secrets: tuple[str, ...] = ()
    thin_secrets: tuple[str, ...] = ()
    platform_country: str = "US"
    payout_seconds: float = 1.0
    settle_seconds: float = 0.0
    link_seconds: int = 300
    seed: int = 0

    def __post_init__(self) -> None:
        if self.webhook_url and not self.webhook_url.startswith("http://"):
            raise ValueError(f"webhooks go to an http:// address, not to {self.webhook_url}")
        if self.webhook_url and not (self.webhook_secrets and all(self.webhook_secrets)):
            raise ValueError("webhooks need a secret to be signed with")
