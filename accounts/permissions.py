"""Who may do what. A view without one of these permissions is closed to everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractBaseUser
from rest_framework.permissions import BasePermission

from accounts.principals import ADMIN, CREATOR, bearer_of

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class IsNobody(BasePermission):
    """Refuse everyone: the default for a view that names no permission."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return False


class IsCreator(BasePermission):
    """Allow creators, each to their own data."""

    message = "Only creators can do this: the token's role must be `creator`."

    def has_permission(self, request: Request, view: APIView) -> bool:
        bearer = bearer_of(request)
        return bearer is not None and bearer.role == CREATOR


class IsPlatformStaff(BasePermission):
    """Allow platform staff: with an admin's token, or logged in to the console."""

    message = "Only platform staff can do this: the token's role must be `admin`."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if bearer := bearer_of(request):
            return bearer.role == ADMIN
        user = request.user
        return isinstance(user, AbstractBaseUser) and user.is_active and getattr(user, "is_staff", False)


class IsBillingService(BasePermission):
    """Allow services that push billing data."""

    message = "Only services can do this: the token needs the `billing` scope, and can't be a creator's or an admin's."

    def has_permission(self, request: Request, view: APIView) -> bool:
        bearer = bearer_of(request)
        return bearer is not None and bearer.is_service


class IsAnyone(BasePermission):
    """Allow everyone, deliberately."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return True
