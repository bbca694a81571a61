"""Reads of the earnings app."""

from earnings.selectors.by_month import EarnedBy, earned_by_month
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
    current_rate,
    plans,
    preview_change,
    refuse_rate_before_sales,
)
from earnings.selectors.debts import NegativeBalance, negative_balances
from earnings.selectors.finding import (
    apis_beginning,
    quarantined_with_id,
    records_of_api,
    records_of_creator,
    records_with_id,
)
from earnings.selectors.records import (
    RecordBehind,
    RecordsBehind,
    posting_of,
    postings_of,
    records_of,
)
from earnings.selectors.terms import Terms, terms_at, with_terms_of_their_time
from earnings.selectors.unlinked import UnlinkedEntry, quarantined_record, unlinked_entry
from earnings.selectors.waiting import (
    Unposted,
    batches_set_aside,
    oldest_quarantined,
    open_quarantine_by_reason,
    proposed_adjustments,
    unposted,
)

__all__ = [
    "CatalogConcerns",
    "ChangePreview",
    "ChangedFee",
    "ChangedTotal",
    "EarnedBy",
    "NegativeBalance",
    "Plan",
    "RecordBehind",
    "RecordsBehind",
    "Terms",
    "UnassignedApi",
    "UnlinkedEntry",
    "Unposted",
    "apis_beginning",
    "batches_set_aside",
    "catalog_concerns",
    "changes_of_ownership",
    "current_rate",
    "earned_by_month",
    "known_api",
    "latest_ownership",
    "negative_balances",
    "oldest_quarantined",
    "open_quarantine_by_reason",
    "plans",
    "posting_of",
    "postings_of",
    "preview_change",
    "proposed_adjustments",
    "quarantined_record",
    "quarantined_with_id",
    "records_of",
    "records_of_api",
    "records_of_creator",
    "records_with_id",
    "refuse_rate_before_sales",
    "terms_at",
    "unassigned_apis",
    "unlinked_entry",
    "unposted",
    "with_terms_of_their_time",
]
