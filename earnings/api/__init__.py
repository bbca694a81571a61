"""Earnings over HTTP, one module per noun; each has its own routes, gathered here."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
