"""Addresses of the whole service."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from payouts_project.health import live
from stripe_io.views import receive_webhook

urlpatterns = [
    path("health", live),
    path("webhooks/stripe", receive_webhook),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
