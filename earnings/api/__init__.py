"""Billing records and the API catalogue over HTTP; each module has its own routes, collected here."""

from earnings.api import billing, catalog

urlpatterns = [*billing.urlpatterns, *catalog.urlpatterns]
