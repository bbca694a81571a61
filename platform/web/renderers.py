"""CSV responses, streamed."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from io import StringIO
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

ROWS_AT_ONCE = 500
# What a spreadsheet reads as a formula: at the start of a cell, or after what may end one. In locales that separate
# lists with semicolons, spreadsheets split cells there, even inside quotes.
# Source: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA_START = re.compile(r"""(^|[;\t\r\n])(?=[\s"']*[-=+@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])""")


class CsvRenderer(BaseRenderer):
    """CSV (RFC 4180) with a header. The view returns `csv_file`, because there may be too many rows for memory."""

    media_type = "text/csv"
    format = "csv"


class FormatNegotiation(DefaultContentNegotiation):
    """Let `?format=` override `Accept`: a link can't send headers."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        for renderer in renderers:
            if renderer.format == request.query_params.get("format"):
                return renderer, renderer.media_type
        chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
        return chosen


def csv_file(
    name: str, rows: Iterable[Mapping[str, Any]], *, columns: Iterable[str]
) -> StreamingHttpResponse:
    """Return a CSV file of these rows, which are streamed."""
    return StreamingHttpResponse(
        _lines(rows, columns=list(columns)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _lines(rows: Iterable[Mapping[str, Any]], *, columns: list[str]) -> Iterator[str]:
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_cell(row[column]) for column in columns])
        if number % ROWS_AT_ONCE == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _cell(value: Any) -> Any:
    """Write a time as the API does, and keep text from being read as a formula."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return _FORMULA_START.sub(r"\1'", value) if isinstance(value, str) else value
