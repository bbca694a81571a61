"""Requests whose responses are validated against the API's OpenAPI document."""

import json
import re
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from rest_framework.test import APIClient


def read(client: APIClient, address: str, **parameters: Any) -> Any:
    """Get an endpoint's response, and check that it is as documented."""
    answer = client.get(f"/api/v1{address}", parameters)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", answer.resolver_match.route)
    operation = _document()["paths"][path]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    whole = {**schema, "components": _document()["components"]}
    OAS31Validator(whole, format_checker=oas31_format_checker).validate(body)
    return body


@cache
def _document() -> dict[str, Any]:
    schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    document: dict[str, Any] = json.loads(OpenApiJsonRenderer().render(schema))
    return document
