"""Payouts, and what was earned, over HTTP, one module per noun; each has its own routes, gathered here."""

from payouts.api import earnings, payouts, records, upcoming

# What comes next is no payout yet, and stands before `payouts/<id>`.
urlpatterns = [*upcoming.urlpatterns, *payouts.urlpatterns, *records.urlpatterns, *earnings.urlpatterns]
