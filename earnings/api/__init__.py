"""Earnings over HTTP, one module per noun; each has its own routes, gathered here."""

from earnings.api import catalog

urlpatterns = [*catalog.urlpatterns]
