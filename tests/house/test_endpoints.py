"""Every URL declares who may use it."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from accounts import permissions

# Views outside the REST framework, which protect themselves.
GUARDED_BY_THEMSELVES = {
    "live",
    "metrics",  # by its own token, or for this machine
    "ready",  # only reveals which parts work
    "no_such_endpoint",
    "receive_webhook",  # by Stripe's signature
}
OPEN_TO_EVERYONE = {"api/schema", "api/docs", "api/v1/accounts/onboard/callback"}
NAMED = {permissions.IsCreator, permissions.IsPlatformStaff, permissions.IsBillingService}


def addresses(resolver: URLResolver | None = None, path: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        url = f"{path}{str(pattern.pattern).removeprefix('^')}"
        if isinstance(pattern, URLPattern):
            yield url, pattern.callback
        elif not url.startswith("admin/"):  # the admin site protects itself
            yield from addresses(pattern, url)


def test_every_endpoint_declares_who_may_use_it() -> None:
    checked = set()
    for path, callback in addresses():
        view = getattr(callback, "cls", None)
        if view is None:
            name = getattr(callback, "__name__", "")
            assert name in GUARDED_BY_THEMSELVES or path in {"", "admin", "admin/login/"}, (
                f"who may use /{path}?"
            )
            continue
        assert issubclass(view, APIView)
        allowed = set(view.permission_classes)
        assert allowed, f"/{path} names no permission"
        if path in OPEN_TO_EVERYONE:
            checked.add(path)
        else:
            assert allowed <= NAMED, f"who may use /{path}?"
    assert {"api/schema", "api/docs"} <= checked


def test_a_view_without_a_permission_is_closed_to_everyone() -> None:
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == ["accounts.permissions.IsNobody"]
    assert settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] == []
