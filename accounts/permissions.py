"""Who may do what. A view without a permission of these is open to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractBaseUser
from rest_framework.permissions import BasePermission

from accounts.principals import ADMIN, CREATOR, bearer_of

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class IsNobody(BasePermission):
    """Refuse everyone: what a view gets that names no permission."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return False


class IsCreator(BasePermission):
    """Let creators in, each to their own."""

    message = "This is for creators: the token's role must be `creator`."

    def has_permission(self, request: Request, view: APIView) -> bool:
        bearer = bearer_of(request)
        return bearer is not None and bearer.role == CREATOR


class IsPlatformStaff(BasePermission):
    """Let platform staff in: by a token with the admin's role, or logged in to the console."""

    message = "This is for platform staff: the token's role must be `admin`."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if bearer := bearer_of(request):
            return bearer.role == ADMIN
        user = request.user
        return isinstance(user, AbstractBaseUser) and user.is_active and getattr(user, "is_staff", False)


class IsBillingService(BasePermission):
    """Let services in that hand over billing data."""

    message = "This is for services: the token needs the `billing` scope, and must not be a creator's or an admin's."

    def has_permission(self, request: Request, view: APIView) -> bool:
        bearer = bearer_of(request)
        return bearer is not None and bearer.is_service


class IsAnyone(BasePermission):
    """Let everyone in, knowingly."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return True
