"""Panels that show data of other apps on an app's pages. Importing this package registers them all."""

from console.panels import (
    billing,
    books,
    changes,
    commission,
    creator_accounts,
    creator_chart,
    creator_summary,
    creators,
    earnings,
    outlook,
    payout_summary,
    payouts,
    run_checks,
    runs,
)

__all__ = [
    "billing",
    "books",
    "changes",
    "commission",
    "creator_accounts",
    "creator_chart",
    "creator_summary",
    "creators",
    "earnings",
    "outlook",
    "payout_summary",
    "payouts",
    "run_checks",
    "runs",
]
