"""The bearers of tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rest_framework.request import Request

CREATOR = "creator"
ADMIN = "admin"
BILLING_SCOPE = "billing"


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a verified token; never a Django user, and never saved.

    `subject` is the marketplace's id of a creator or a member of staff. For a service, it is the name of the one
    billing source that it pushes.
    """

    subject: str
    role: str = ""
    email: str = ""
    scopes: frozenset[str] = field(default_factory=frozenset)

    # Attributes that DRF and Django expect of a `request.user`.
    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = False

    @property
    def is_service(self) -> bool:
        """Whether the token is for a source. A person's never is, whatever its scope: its subject is their own id."""
        return BILLING_SCOPE in self.scopes and self.role not in {CREATOR, ADMIN}

    @property
    def pk(self) -> str:
        return self.subject

    def __str__(self) -> str:
        return self.subject


def bearer_of(request: Request) -> Principal | None:
    """Return the bearer of the request's token; None without a token."""
    user: object = request.user  # the framework's types only know Django's users
    return user if isinstance(user, Principal) else None
