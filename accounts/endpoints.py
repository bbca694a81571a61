"""What every endpoint of the API has in common, by who may use it."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from accounts.authentication import TokenAuthentication
from accounts.models import Creator
from accounts.permissions import IsAnyone, IsBillingService, IsCreator, IsPlatformStaff
from accounts.principals import Principal
from accounts.services.creators import creator_of
from web.inputs import Input

IDENTITY = "identity"


class Endpoint(GenericViewSet[Any]):
    """A viewset that knows each action's query parameters and refuses all others.

    `queries` names them by action; pages and filters bring their own. What was given, parsed, is `self.query`.
    """

    queries: ClassVar[Mapping[str, type[Input]]] = {}
    throttle_scope = "read"
    query: Mapping[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_packed(request)
        if self.action is not None:  # else the method is not allowed, which is said next
            self.query = self._read_query(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization", "Cookie", "Accept"])
        return response

    def _read_query(self, request: Request) -> Mapping[str, Any]:
        given = {name: request.query_params[name] for name in request.query_params}
        if self.action == "list":
            for name in self._list_parameters():
                given.pop(name, None)
        reader = self.queries.get(self.action, Input)(data=given)
        reader.is_valid(raise_exception=True)
        return cast("Mapping[str, Any]", reader.validated_data)

    def _list_parameters(self) -> set[str]:
        paging = [
            getattr(self.paginator, name, None)
            for name in ("page_query_param", "page_size_query_param", "cursor_query_param")
        ]
        filters = getattr(self, "filterset_class", None)
        ordering = "ordering" if getattr(self, "ordering_fields", None) else None
        return {name for name in (*paging, *(filters.base_filters if filters else ()), ordering) if name}


def refuse_packed(request: Request) -> None:
    """Refuse a body that has to be unpacked before it is read: nobody can say how large it will be.

    Raises: UnsupportedMediaType.
    """
    coding = request.headers.get("Content-Encoding", IDENTITY).strip()
    if coding.lower() != IDENTITY:
        raise UnsupportedMediaType(
            str(request.content_type), f"Send the body as it is: the Content-Encoding {coding!r} is not read."
        )


class CreatorEndpoint(Endpoint):
    """For creators: everything is read and written as `self.creator`, whose id at the marketplace is `creator_id`."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsCreator]

    @property
    def creator_id(self) -> str:
        return cast("Principal", self.request.user).subject

    @cached_property
    def creator(self) -> Creator:
        return creator_of(cast("Principal", self.request.user))


class PlatformEndpoint(Endpoint):
    """For platform staff, by token or by the console's session."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsPlatformStaff]


class ServiceEndpoint(Endpoint):
    """For services: what they hand over is from `self.source_name`."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsBillingService]
    throttle_scope = "push"

    @property
    def source_name(self) -> str:
        return cast("Principal", self.request.user).subject


class PublicEndpoint(Endpoint):
    """For everyone, without a token."""

    authentication_classes = []
    permission_classes = [IsAnyone]
    throttle_scope = "anonymous"
