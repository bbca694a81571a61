"""`PUT /catalog/apis/{apiId}`: services register APIs and their owners."""

from datetime import datetime
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

import database.paths  # noqa: F401 (knows `external_id` in paths)
from accounts.endpoints import ServiceEndpoint
from accounts.models import EMAIL_MAX_LENGTH, CreatorField
from database import sql
from database.fields import EXTERNAL_ID_REGEX
from earnings import selectors
from earnings.services import catalog, ownership, sources
from earnings.services.catalog import CatalogEntry
from money import parse_time
from web.inputs import CountryField, Input
from web.outputs import Output

TAGS = ["Services"]
IGNORED = {CreatorField.EMAIL: "creator_email", CreatorField.COUNTRY: "creator_country"}
NAME = r"\A[^\x00-\x20\x7f][^\x00-\x1f\x7f]*\Z"  # no control characters, and no space to begin with


class Moment(serializers.DateTimeField):
    """A time with a UTC offset; without one it would be ambiguous."""

    default_error_messages = {
        "too_old": "This is before the year 2000. Leave it out for the first owner.",
        "too_far_ahead": "This is more than a year ahead.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        moment = parse_time(value) if isinstance(value, str) else None
        if moment is None:
            self.fail("invalid", format="2026-10-01T00:00:00Z")
        if ownership.begins_too_early(moment):
            self.fail("too_old")
        if ownership.begins_too_late(moment, now=self.context["now"]):
            self.fail("too_far_ahead")
        return moment


class ApiInput(Input):
    """An API, its name and its owner."""

    name = serializers.RegexField(
        NAME, max_length=255, trim_whitespace=False, help_text="What people call the API."
    )
    creator_id = serializers.RegexField(
        EXTERNAL_ID_REGEX,
        trim_whitespace=False,
        help_text="The owner: the marketplace's id of the creator.",
    )
    creator_email = serializers.EmailField(
        required=False,
        max_length=EMAIL_MAX_LENGTH,
        help_text="The email address of a new creator. Ignored for an existing creator.",
    )
    creator_country = CountryField(
        required=False,
        help_text="The country of a new creator, as ISO 3166-1 alpha-2. Ignored for an existing creator.",
    )
    owned_from = Moment(
        required=False,
        help_text="When the creator becomes the owner, at most a year ahead. By default, a first owner has always "
        "owned the API, and a new owner starts now. It is required for a creator who owned the API before. Earlier "
        "sales stay with the previous owner.",
    )


class ApiOutput(Output):
    """A registered API."""

    api_id = serializers.CharField(
        source="ownership.api.external_id", help_text="The marketplace's id of the API."
    )
    name = serializers.CharField(source="ownership.api.name", help_text="What people call it.")
    creator_id = serializers.CharField(source="ownership.creator.external_id", help_text="Its latest owner.")
    owned_from = serializers.DateTimeField(
        source="ownership.owned_from",
        help_text="When the owner starts. The first owner has all earlier sales, too.",
    )
    ignored = serializers.ListField(
        child=serializers.ChoiceField(sorted(IGNORED.values())),
        help_text="Fields that were ignored because the creator already exists with a different email address or "
        "country. Only staff can change these.",
    )


class CatalogApis(ServiceEndpoint):
    @extend_schema(
        operation_id="register_api",
        tags=TAGS,
        summary="Register an API, its name and its owner",
        description="Registers an API, renames it, or changes its owner. Repeating a request changes nothing. Billing "
        "records that were quarantined because the API or its owner was unknown enter a few seconds later. A new owner "
        "can't start before sales that are already recorded: `ownership_too_early`. An owner whose start is in the "
        "future is replaced by one who starts at that time or earlier. An update that may be a delayed copy of an "
        "older one is refused: `ownership_superseded`.\n\n"
        "An API belongs to the source that registered it; other sources get 403 `api_of_another_source`. If an API "
        "has no source yet, staff must assign one: 403 `api_unassigned`. If your own source isn't registered, you get "
        "403 `source_unknown`.",
        request=ApiInput,
        responses={200: ApiOutput, 201: ApiOutput, 409: OpenApiResponse()},
        examples=[
            OpenApiExample(
                "A new API",
                value={
                    "name": "Weather",
                    "creator_id": "alice",
                    "creator_email": "alice@example.com",
                    "creator_country": "US",
                },
                request_only=True,
            ),
            OpenApiExample(
                "A new owner",
                value={"name": "Weather", "creator_id": "bob", "owned_from": "2026-11-01T00:00:00Z"},
                request_only=True,
            ),
            OpenApiExample(
                "Registered",
                value={
                    "api_id": "com.acme.weather",
                    "name": "Weather",
                    "creator_id": "alice",
                    "owned_from": "1970-01-01T00:00:00Z",
                    "ignored": [],
                },
                response_only=True,
            ),
        ],
    )
    def update(self, request: Request, apiId: str) -> Response:  # noqa: N803
        source = sources.known_source(self.source_name)
        now = sql.now()
        params = ApiInput(data=request.data, context={"now": now})
        params.is_valid(raise_exception=True)
        entry = CatalogEntry(
            api_id=apiId,
            api_name=params.validated_data["name"],
            creator_id=params.validated_data["creator_id"],
            creator_email=params.validated_data.get("creator_email", ""),
            creator_country=params.validated_data.get("creator_country", ""),
            owned_from=params.validated_data.get("owned_from"),
        )
        registered = catalog.register_api(entry, source=source, actor=self.source_name, now=now)
        answer = ApiOutput(
            {
                "ownership": selectors.latest_ownership(apiId),
                "ignored": [name for field, name in IGNORED.items() if field in registered.ignored],
            }
        )
        return Response(
            answer.data, status=status.HTTP_201_CREATED if registered.new_apis else status.HTTP_200_OK
        )


urlpatterns = [path("catalog/apis/<external_id:apiId>", CatalogApis.as_view({"put": "update"}))]
