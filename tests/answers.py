"""What a test client answers: Django's and the REST framework's have this in common."""

from typing import Any, Protocol

from django.http.response import ResponseHeaders


class Answer(Protocol):
    status_code: int
    headers: ResponseHeaders

    @property
    def content(self) -> bytes: ...

    def __getitem__(self, header: str) -> str: ...

    def getvalue(self) -> bytes:
        """Return the whole body, also of an answer that is streamed."""

    def json(self) -> Any: ...
