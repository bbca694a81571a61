"""Addresses of the whole service."""

from django.contrib import admin
from django.urls import path

from stripe_io.views import receive_webhook

urlpatterns = [
    path("webhooks/stripe", receive_webhook),
    path("", admin.site.urls),
]
