"""The tabs of a creator's and of a payout's page, in their order."""

from accounts.models import Creator
from database.admin import set_tabs
from payouts.models import Payout

OVERVIEW = "Overview"
EARNINGS = "Earnings"
PAYOUTS = "Payouts"
ACCOUNT = "Account"
HOLDS = "Adjustments & holds"
BOOKS = "Books"

set_tabs(Creator, OVERVIEW, EARNINGS, PAYOUTS, ACCOUNT, HOLDS, BOOKS)
set_tabs(Payout, OVERVIEW, BOOKS)
