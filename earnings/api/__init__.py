"""Earnings over HTTP, one module per noun; each has its own routes, gathered here."""

from earnings.api import billing, catalog, earnings

urlpatterns = [*billing.urlpatterns, *catalog.urlpatterns, *earnings.urlpatterns]
