"""Billing records and the catalog over HTTP, one module per noun; each has its own routes, gathered here."""

from earnings.api import billing, catalog

urlpatterns = [*billing.urlpatterns, *catalog.urlpatterns]
