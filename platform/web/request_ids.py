"""An id for every request, in its response and in each log line about it."""

import logging
import re
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from database.requests import request_id

HEADER = "X-Request-ID"
USABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")
GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIds:
    """Use a caller's `X-Request-ID` if it is safe for a log line, or create one, and return it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        requested = request.headers.get(HEADER, "")
        token = request_id.set(requested if USABLE.fullmatch(requested) else uuid4().hex)
        try:
            response = self.get_response(request)
            response[HEADER] = request_id.get()
            return response
        finally:
            request_id.reset(token)


class RequestIdFilter(logging.Filter):
    """Add the request's id to each log line; `-` outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True
