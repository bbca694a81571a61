"""Everything that staff can do in the console. Importing this package declares it."""

from console.acts import (
    adjustments,
    billing,
    commission,
    creators,
    details,
    differences,
    events,
    notes,
    onboarding,
    payouts,
    refusals,
    sending,
    suspense,
)

__all__ = [
    "adjustments",
    "billing",
    "commission",
    "creators",
    "details",
    "differences",
    "events",
    "notes",
    "onboarding",
    "payouts",
    "refusals",
    "sending",
    "suspense",
]
