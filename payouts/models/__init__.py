"""How creators are paid: runs and their decisions, payouts and their lines, attempts at Stripe, pauses, forecasts."""

from payouts.models.attempt import PayoutAttempt
from payouts.models.books_check import BooksCheck, BooksResult, BooksVerdict
from payouts.models.checkpoint import BooksCheckpoint, CheckpointBalance
from payouts.models.difference import BILLING_KINDS, Difference, DifferenceKind
from payouts.models.forecast import Forecast
from payouts.models.pause import PauseCause, SendingPause
from payouts.models.payout import Payout, PayoutEvent, PayoutLineItem
from payouts.models.placement import PlacementStatus, PlacementTarget, SuspensePlacement
from payouts.models.reconciliation import AccountListing, ReconciliationPass
from payouts.models.recovery import IgnoredInstallation, UnplacedTransfer
from payouts.models.run import PayoutRun, RunDecision

__all__ = [
    "BILLING_KINDS",
    "AccountListing",
    "BooksCheck",
    "BooksCheckpoint",
    "BooksResult",
    "BooksVerdict",
    "CheckpointBalance",
    "Difference",
    "DifferenceKind",
    "Forecast",
    "IgnoredInstallation",
    "PauseCause",
    "Payout",
    "PayoutAttempt",
    "PayoutEvent",
    "PayoutLineItem",
    "PayoutRun",
    "PlacementStatus",
    "PlacementTarget",
    "ReconciliationPass",
    "RunDecision",
    "SendingPause",
    "SuspensePlacement",
    "UnplacedTransfer",
]
