"""What creators earned: the API catalogue, billing records, commission, and `creator_earnings`."""

from earnings.models.adjustment import Adjustment, AdjustmentKind, AdjustmentStatus, EarnedSince
from earnings.models.billing import (
    BatchAct,
    BatchActKind,
    BillingBatch,
    BillingRecord,
    BillingSource,
    ChargeTakeback,
    Posting,
    RecordKind,
)
from earnings.models.catalog import Api, ApiChange, ApiField, ApiOwnership
from earnings.models.commission import CommissionRate
from earnings.models.earning import CreatorEarning, EarningPosting, PaidTotal
from earnings.models.quarantine import (
    WAITING,
    QuarantinedRecord,
    Reason,
    Recheck,
    Resolution,
    UnlinkedRecord,
)

__all__ = [
    "WAITING",
    "Adjustment",
    "AdjustmentKind",
    "AdjustmentStatus",
    "Api",
    "ApiChange",
    "ApiField",
    "ApiOwnership",
    "BatchAct",
    "BatchActKind",
    "BillingBatch",
    "BillingRecord",
    "BillingSource",
    "ChargeTakeback",
    "CommissionRate",
    "CreatorEarning",
    "EarnedSince",
    "EarningPosting",
    "PaidTotal",
    "Posting",
    "QuarantinedRecord",
    "Reason",
    "Recheck",
    "RecordKind",
    "Resolution",
    "UnlinkedRecord",
]
