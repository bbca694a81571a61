"""An id for every request: in its answer, and in each line that is logged about it."""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
USABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")
request_id: ContextVar[str] = ContextVar("request_id", default="-")
Answer = Callable[[HttpRequest], HttpResponse]


class RequestIds:
    """Take a caller's `X-Request-ID` over if it is fit for a log line, else make one; send it back."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        token = request_id.set(given if USABLE.fullmatch(given) else uuid4().hex)
        try:
            response = self.answer(request)
            response[HEADER] = request_id.get()
            return response
        finally:
            request_id.reset(token)


class RequestIdFilter(logging.Filter):
    """Give each log line the id of the request that it is about, `-` for none."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True
