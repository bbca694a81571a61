"""What the API answers a creator: its own endpoints, called for them, for staff to read."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import resolve
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import Creator, User
from accounts.principals import CREATOR, Principal
from console.frame import render
from database import acts
from database.staff import signed_in_console
from payouts.models import Payout

_PATHS = ("accounts/status", "payouts/upcoming", "earnings", "payouts")


@dataclass(frozen=True, slots=True)
class Answer:
    """One endpoint's answer."""

    path: str
    status: HTTPStatus
    body: str


def show_as_creator(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what the creator's own requests would be answered now; `?payout=` adds one payout. It is recorded."""
    creator = get_object_or_404(Creator, pk=pk)
    paths = list(_PATHS)
    if named := request.GET.get("payout"):
        payout = get_object_or_404(Payout.objects.filter(creator=creator), pk=_uuid(named))
        paths.insert(0, f"payouts/{payout.pk}")
    _record(request, creator)
    answers = [_answer_to(creator, f"/api/v1/{path}", request) for path in paths]
    title = f"{creator}: as the creator"
    return render(request, "console/as_creator.html", title=title, creator=creator, answers=answers)


def _answer_to(creator: Creator, path: str, request: HttpRequest) -> Answer:
    principal = Principal(subject=creator.external_id, role=CREATOR)

    class AsCreator(BaseAuthentication):
        def authenticate(self, request: Request) -> tuple[Any, None]:
            return principal, None

    endpoint = cast(Any, resolve(path))
    view = endpoint.func.cls.as_view(
        endpoint.func.actions, authentication_classes=[AsCreator], throttle_classes=[]
    )
    answer = view(_asked(path, request), **endpoint.kwargs).render()
    body = json.dumps(json.loads(answer.content), indent=2, ensure_ascii=False)
    return Answer(path, HTTPStatus(answer.status_code), body)


def _asked(path: str, request: HttpRequest) -> HttpRequest:
    """Make the creator's request, as it would reach this host."""
    asked = HttpRequest()
    asked.method, asked.path, asked.path_info, asked.GET = "GET", path, path, QueryDict()
    kept = ("SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "wsgi.url_scheme", "REMOTE_ADDR")
    asked.META = {name: request.META[name] for name in kept if name in request.META}
    asked.META["HTTP_ACCEPT"] = "application/json"
    return asked


def _record(request: HttpRequest, creator: Creator) -> None:
    act = signed_in_console(request, "Looked at what the API answers", user=cast(User, request.user))
    acts.record(act, acts.Kind.VIEW_AS_CREATOR, subject=creator, creator=creator.pk)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
