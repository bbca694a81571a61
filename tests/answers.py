"""The common type of responses from Django's and the REST framework's test clients."""

from typing import Any, Protocol

from django.http.response import ResponseHeaders


class Answer(Protocol):
    status_code: int
    headers: ResponseHeaders

    @property
    def content(self) -> bytes: ...

    def __getitem__(self, header: str) -> str: ...

    def getvalue(self) -> bytes:
        """Return the complete body, even if it is streamed."""

    def json(self) -> Any: ...
