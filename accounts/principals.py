"""Who a token speaks for."""

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

    `subject` is the marketplace's own id of a creator or member of staff; of a service, the name of the one
    billing source that it may push for.
    """

    subject: str
    role: str = ""
    email: str = ""
    scopes: frozenset[str] = field(default_factory=frozenset)

    # What DRF and Django ask of a `request.user`.
    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = False

    @property
    def is_service(self) -> bool:
        """Tell whether it speaks for a source. A person doesn't, whatever the scope: the subject is their own id."""
        return BILLING_SCOPE in self.scopes and self.role not in {CREATOR, ADMIN}

    @property
    def pk(self) -> str:
        return self.subject

    def __str__(self) -> str:
        return self.subject


def bearer_of(request: Request) -> Principal | None:
    """Return whom the request's token speaks for; None if it bears no token."""
    user: object = request.user  # the framework's types know Django's users only
    return user if isinstance(user, Principal) else None
