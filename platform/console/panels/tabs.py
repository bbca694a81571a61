"""The tabs of the pages of creators, payouts and runs, in their order."""

from accounts.models import Creator
from database.admin import set_tabs
from payouts.models import Payout, PayoutRun

OVERVIEW = "Overview"
EARNINGS = "Earnings"
PAYOUTS = "Payouts"
ACCOUNT = "Account"
HOLDS = "Adjustments & holds"
BOOKS = "Books"
CHANGES = "Changes"
CONTROL_TOTALS = "Control totals"

set_tabs(Creator, OVERVIEW, EARNINGS, PAYOUTS, ACCOUNT, HOLDS, BOOKS)
set_tabs(Payout, OVERVIEW, BOOKS)
set_tabs(PayoutRun, OVERVIEW, CONTROL_TOTALS, CHANGES)
