"""The HTTP endpoints for payouts and earnings, one module per noun. Each defines its own routes; they meet here."""

from payouts.api import earnings, payouts, records, upcoming

# `payouts/upcoming` must come before `payouts/<id>`.
urlpatterns = [*upcoming.urlpatterns, *payouts.urlpatterns, *records.urlpatterns, *earnings.urlpatterns]
