"""`PUT /catalog/apis/{apiId}`: services say which APIs there are, and whose."""

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
    """A time with its offset: without one, nobody knows when it is."""

    default_error_messages = {
        "too_old": "This lies before the year 2000. Leave it out for the first owner.",
        "too_far_ahead": "This lies more than a year ahead.",
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
        help_text="Who owns it: the marketplace's id of the creator.",
    )
    creator_email = serializers.EmailField(
        required=False,
        max_length=EMAIL_MAX_LENGTH,
        help_text="The e-mail address of a new creator. It changes nothing for a creator who is known already.",
    )
    creator_country = CountryField(
        required=False,
        help_text="Where a new creator lives, as ISO 3166-1 alpha-2. It changes nothing for a creator who is known "
        "already.",
    )
    owned_from = Moment(
        required=False,
        help_text="From when on the creator owns it, at most a year ahead. Left out, the first owner always did, and "
        "one who never owned it does from now on; one who owned it before has to say when. What was sold before stays "
        "with the owner before.",
    )


class ApiOutput(Output):
    """An API as it is registered."""

    api_id = serializers.CharField(
        source="ownership.api.external_id", help_text="The marketplace's id of the API."
    )
    name = serializers.CharField(source="ownership.api.name", help_text="What people call it.")
    creator_id = serializers.CharField(source="ownership.creator.external_id", help_text="Its latest owner.")
    owned_from = serializers.DateTimeField(
        source="ownership.owned_from",
        help_text="From when on; the first owner has all that was sold before, too.",
    )
    ignored = serializers.ListField(
        child=serializers.ChoiceField(sorted(IGNORED.values())),
        help_text="The fields that changed nothing, as the creator is known already with another e-mail address or "
        "country. Only the platform's staff change those.",
    )


class CatalogApis(ServiceEndpoint):
    @extend_schema(
        operation_id="register_api",
        tags=TAGS,
        summary="Register an API, its name and its owner",
        description="Registers an API, renames it, or gives it another owner; doing so again changes nothing. Billing "
        "records that were quarantined because the API or its owner was unknown enter a few seconds later. An owner "
        "can't begin before what is recorded for the API already: `ownership_too_early`. One whose time is still to "
        "come is replaced by another who begins at that time or sooner. What may be an older message that comes late "
        "changes nothing: `ownership_superseded`.\n\n"
        "An API belongs to the source that registered it. Another source gets 403 `api_of_another_source`. An API "
        "that belongs to no source yet has to be assigned by staff: 403 `api_unassigned`. A source that isn't "
        "registered gets 403 `source_unknown`.",
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
        said = ApiInput(data=request.data, context={"now": now})
        said.is_valid(raise_exception=True)
        entry = CatalogEntry(
            api_id=apiId,
            api_name=said.validated_data["name"],
            creator_id=said.validated_data["creator_id"],
            creator_email=said.validated_data.get("creator_email", ""),
            creator_country=said.validated_data.get("creator_country", ""),
            owned_from=said.validated_data.get("owned_from"),
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
