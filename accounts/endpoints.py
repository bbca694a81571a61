"""Base classes for the API's endpoints, by who may use them."""

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
    """A viewset that declares each action's query parameters and refuses all others.

    `queries` maps each action to its parameters; pagination and filters add theirs. `self.query` is the parsed query.
    """

    queries: ClassVar[Mapping[str, type[Input]]] = {}
    throttle_scope = "read"
    query: Mapping[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_compressed(request)
        if self.action is not None:  # if it is None, the method isn't allowed, and DRF refuses it next
            self.query = self._read_query(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization", "Cookie", "Accept"])
        return response

    def _read_query(self, request: Request) -> Mapping[str, Any]:
        params = {name: request.query_params[name] for name in request.query_params}
        if self.action == "list":
            for name in self._list_parameters():
                params.pop(name, None)
        reader = self.queries.get(self.action, Input)(data=params)
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


def refuse_compressed(request: Request) -> None:
    """Refuse a compressed body: nobody knows how large it is until it is decompressed.

    Raises: UnsupportedMediaType.
    """
    coding = request.headers.get("Content-Encoding", IDENTITY).strip()
    if coding.lower() != IDENTITY:
        raise UnsupportedMediaType(
            str(request.content_type),
            f"Send the body uncompressed: the Content-Encoding {coding!r} is not supported.",
        )


class CreatorEndpoint(Endpoint):
    """For creators, who read and write only their own data; `creator_id` is the marketplace's id."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsCreator]

    @property
    def creator_id(self) -> str:
        return cast("Principal", self.request.user).subject

    @cached_property
    def creator(self) -> Creator:
        return creator_of(cast("Principal", self.request.user))


class PlatformEndpoint(Endpoint):
    """For platform staff, with a token or a console session."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsPlatformStaff]


class ServiceEndpoint(Endpoint):
    """For services, which push the records of one source, `self.source_name`."""

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
