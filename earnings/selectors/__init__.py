"""Reads about earnings: what was earned, from which records, and what has not entered yet."""

from earnings.selectors.catalog import (
    CatalogConcerns,
    UnassignedApi,
    catalog_concerns,
    changes_of_ownership,
    known_api,
    latest_ownership,
    unassigned_apis,
)
from earnings.selectors.commission import (
    ChangedFee,
    ChangedTotal,
    ChangePreview,
    Plan,
    plans,
    preview_change,
)
from earnings.selectors.debts import NegativeBalance, negative_balances
from earnings.selectors.figures import (
    ApiStanding,
    Figures,
    MonthFigures,
    Standing,
    api_standing_of,
    months_of,
    pick_currency,
    standing_of,
)
from earnings.selectors.records import (
    RecordBehind,
    RecordsBehind,
    posting_of,
    postings_of,
    records_of,
)
from earnings.selectors.waiting import (
    Unposted,
    batches_set_aside,
    open_quarantine_by_reason,
    unposted,
)

__all__ = [
    "ApiStanding",
    "CatalogConcerns",
    "ChangePreview",
    "ChangedFee",
    "ChangedTotal",
    "Figures",
    "MonthFigures",
    "NegativeBalance",
    "Plan",
    "RecordBehind",
    "RecordsBehind",
    "Standing",
    "UnassignedApi",
    "Unposted",
    "api_standing_of",
    "batches_set_aside",
    "catalog_concerns",
    "changes_of_ownership",
    "known_api",
    "latest_ownership",
    "months_of",
    "negative_balances",
    "open_quarantine_by_reason",
    "pick_currency",
    "plans",
    "posting_of",
    "postings_of",
    "preview_change",
    "records_of",
    "standing_of",
    "unassigned_apis",
    "unposted",
]
