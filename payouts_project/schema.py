"""The API's OpenAPI document: its security, its errors, and its pages."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from web import problems

PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {
            "type": "string",
            "description": "Always `about:blank`; see `code`.",
            "examples": ["about:blank"],
        },
        "title": {"type": "string", "description": "The HTTP status in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {
            "type": "string",
            "description": "A sentence to show in the portal. It can change.",
        },
        "code": {"type": "string", "description": "Identifies the error. It never changes."},
        "errors": {
            "type": "array",
            "description": "With `invalid`: each invalid field or parameter.",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {
                        "type": "string",
                        "description": "The field's name or path, such as `records[3].amount`.",
                    },
                    "code": {"type": "string", "description": "What is wrong with it."},
                    "message": {"type": "string", "description": "A sentence for developers."},
                },
            },
        },
        "data": {
            "type": "object",
            "description": "For developers: a `hint` in words, and what the error is about, such as a "
            "`line`, a `country` or a `stripe_account_id`. It can change or be missing.",
            "additionalProperties": True,
            "properties": {"hint": {"type": "string", "description": "What is wrong and how to fix it."}},
        },
    },
}
ANSWERS = {
    "400": "A parameter or field is invalid, or the request can't be parsed.",
    "401": "The token is missing or not valid: `not_authenticated`, `token_expired`, `token_invalid`.",
    "403": "The token does not have permission for this endpoint: `permission_denied`.",
    "404": "It does not exist, or is not yours: `not_found`.",
    "406": "The response is not available in the requested media type: `not_acceptable`.",
    "409": "The current state does not allow this; `code` says why.",
    "413": "The request is too large: `too_large`.",
    "415": "The request's media type is not supported: `unsupported_media_type`.",
    "422": "The request is valid, but can't be fulfilled; `code` says why.",
    "429": "Too many requests in this minute: `throttled`. Wait for `Retry-After` seconds.",
    "503": "A service that this needs does not answer. Try again after `Retry-After` seconds.",
}
EVERYWHERE = ("400", "406", "429", "503")
WITH_TOKEN = ("401", "403")
WITH_BODY = ("413", "415")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The marketplace's token. For a creator, `sub` is the creator's id and `role` is `creator`. "
            "For staff, `role` is `admin`. For a service, `scope` is `billing` and `sub` is its billing source.",
        }


class InputSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Document that inputs refuse unknown fields."""

    target_class = "web.inputs.Input"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        return {**schema, "additionalProperties": False}


def add_problems(result: dict[str, Any], **generated: Any) -> dict[str, Any]:
    """Document each operation's possible errors, which are all problem documents."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components["responses"] = {
        f"Problem{status}": {"description": text, "content": content} for status, text in ANSWERS.items()
    }
    for path in result["paths"].values():
        for operation in path.values():
            declared = operation["responses"]
            for status in _possible(operation, declared=declared):
                text = declared.get(status, {}).get("description")
                own = {"description": text, "content": content}
                declared[status] = own if text else {"$ref": f"#/components/responses/Problem{status}"}
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return result


def document_nullable_fields(result: dict[str, Any], **generated: Any) -> dict[str, Any]:
    """Document nullable fields as OpenAPI 3.1 does; the framework's pagination does it as 3.0."""
    for schema in result["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            if field.pop("nullable", False):
                field["type"] = [field["type"], "null"]
    return result


def document_nulls_in_inputs(result: dict[str, Any], **generated: Any) -> dict[str, Any]:
    """Document that null is the same as leaving out an optional field of a body."""
    schemas = result["components"]["schemas"]
    for name in {_body_of(operation) for path in result["paths"].values() for operation in path.values()}:
        schema = schemas.get(name, {})
        for field_name, field in schema.get("properties", {}).items():
            if field_name not in schema.get("required", []):
                schema["properties"][field_name] = _or_null(field)
    return result


def _or_null(field: dict[str, Any]) -> dict[str, Any]:
    if "type" in field:
        return {**field, "type": [field["type"], "null"]}
    described = {"description": field.pop("description")} if "description" in field else {}
    return {**described, "oneOf": [field, {"type": "null"}]}


def document_required_bodies(result: dict[str, Any], **generated: Any) -> dict[str, Any]:
    """Document that a body with required fields is required; the framework forgets it with several media types."""
    schemas = result["components"]["schemas"]
    for path in result["paths"].values():
        for operation in path.values():
            if schemas.get(_body_of(operation), {}).get("required"):
                operation["requestBody"]["required"] = True
    return result


def _body_of(operation: dict[str, Any]) -> str:
    """Name the schema of an operation's JSON body, if it has one."""
    content = operation.get("requestBody", {"content": {}})["content"]
    return str(content.get("application/json", {}).get("schema", {}).get("$ref", "")).rpartition("/")[2]


def document_public_operations(result: dict[str, Any], **generated: Any) -> dict[str, Any]:
    """Document explicitly which operations need no token; the framework leaves it out."""
    for path in result["paths"].values():
        for operation in path.values():
            operation.setdefault("security", [])
    return result


def _possible(operation: dict[str, Any], *, declared: dict[str, Any]) -> set[str]:
    if declared.keys() == {"302"}:  # a browser, which is always redirected
        return set()
    possible = {*EVERYWHERE, *(status for status in declared if status in ANSWERS)}
    if any(operation.get("security", [])):
        possible.update(WITH_TOKEN)
    if "requestBody" in operation:
        possible.update(WITH_BODY)
    if any(item["in"] == "path" or item["name"] == "page" for item in operation.get("parameters", [])):
        possible.add("404")
    return possible


class SchemaView(SpectacularAPIView):
    """`GET /api/schema`: the document itself, public."""

    authentication_classes = []
    throttle_scope = "anonymous"


class DocsView(SpectacularSwaggerView):
    """`GET /api/docs`: the document as a page, public; its scripts are served by us."""

    authentication_classes = []
    throttle_scope = "anonymous"

    @extend_schema(exclude=True)
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response["Content-Security-Policy"] = (
            "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; frame-ancestors 'none'"
        )
        return response
