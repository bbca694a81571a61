"""Media types that the API understands."""

import codecs
import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import parsers
from rest_framework.exceptions import ParseError
from rest_framework.utils.json import strict_constant

from web.strict_json import members


class JSONParser(parsers.JSONParser):
    """JSON of a limited size and depth without duplicate names; the framework's parser accepts anything.

    A byte order mark, as .NET writes it, is ignored.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(settings.JSON_MAX_BYTES + 1)
        if len(body) > settings.JSON_MAX_BYTES:
            raise RequestDataTooBig
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            return json.loads(
                body.removeprefix(codecs.BOM_UTF8).decode(encoding),
                parse_constant=strict_constant,
                object_pairs_hook=members,
            )
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        except (LookupError, ValueError) as error:
            raise ParseError(f"JSON parse error - {error}") from error
