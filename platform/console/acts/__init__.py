"""Everything that staff can do in the console. Importing this package declares it, in the order of the buttons."""

# ruff: isort: off
from console.acts import (
    creators,
    payouts,
    suspense,
    adjustments,
    commission,
    sending,
    differences,
    billing,
    events,
    refusals,
    onboarding,
    details,
    notes,
)

# ruff: isort: on

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
