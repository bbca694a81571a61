"""NDJSON over HTTP: a body of any size is read piece by piece, and a response is sent from a file.

Source: https://github.com/ndjson/ndjson-spec
"""

import codecs
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import FileResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from database.refusals import Refusal
from web.strict_json import parse_line

MEDIA_TYPE = "application/x-ndjson"
MAX_LINES = 100_000
# The longest valid record is far shorter, however it is escaped.
LONGEST_LINE = 65_536
PIECE = 65_536
KEPT_IN_MEMORY = 1_000_000


class BodyTooLarge(Refusal):
    """The body is larger than one request may be; the lines before that were accepted."""

    def __init__(self, line: int) -> None:
        super().__init__(
            f"The request is too large from line {line} on. The lines before it were accepted: "
            "send the others in further requests."
        )
        self.line = line


class BodyCutOff(Refusal):
    """The body ends in the middle of a line; the lines before it were accepted."""

    def __init__(self, line: int) -> None:
        super().__init__(
            f"The body ends in the middle of line {line}. The lines before it were accepted: "
            "send it again, completely or from that line on."
        )
        self.line = line


class NdjsonRenderer(BaseRenderer):
    """Declares the media type. Responses are files, which need no rendering."""

    media_type = MEDIA_TYPE
    format = "ndjson"


class NdjsonFile(FileResponse):
    """A response that was written to a file line by line."""

    block_size = PIECE

    def __init__(self, file: IO[bytes]) -> None:
        file.seek(0)
        super().__init__(file, content_type=MEDIA_TYPE)


class NdjsonBody:
    """The parsed lines of a request with their numbers from 1, read on demand; blank lines are skipped.

    It ends where the body does. If the body is too large or cut off, it ends there, and `refusal` is set.
    """

    def __init__(self, request: Request) -> None:
        # A chunked body doesn't declare its length, and Django's stream needs one.
        in_chunks = "HTTP_TRANSFER_ENCODING" in request.META
        self._length = None if in_chunks else int(request.META.get("CONTENT_LENGTH") or 0)
        self._read: Callable[[int], bytes] = (request.META["wsgi.input"] if in_chunks else request).read
        self._stopped: type[BodyTooLarge | BodyCutOff] | None = None
        self.refusal: BodyTooLarge | BodyCutOff | None = None
        if self._length is not None and self._length > settings.NDJSON_MAX_BYTES:
            raise RequestDataTooBig

    def __iter__(self) -> Iterator[tuple[int, object]]:
        number = 0
        for number, line in enumerate(self._lines(), start=1):
            if number > MAX_LINES:
                self.refusal = BodyTooLarge(number)
                return
            content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if content.strip():
                yield number, _parsed(content)
        if self._stopped is not None:
            self.refusal = self._stopped(number + 1)

    def _lines(self) -> Iterator[bytes]:
        read, rest = 0, b""
        # Without readline, which granian's stream doesn't implement as WSGI requires.
        while piece := self._read(PIECE):
            read += len(piece)
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            if read > settings.NDJSON_MAX_BYTES:
                self._stopped = BodyTooLarge
                return
            rest = rest[: LONGEST_LINE + 1]
        if not self._is_complete(read, rest):
            self._stopped = BodyCutOff
        elif rest:
            yield rest

    def _is_complete(self, read: int, rest: bytes) -> bool:
        if self._length is not None:
            return read == self._length
        # granian ends an interrupted stream like a complete one.
        return not rest.strip() or isinstance(parse_line(rest), dict)


def is_ndjson(request: Request) -> bool:
    return media_type_matches(MEDIA_TYPE, request.content_type or "")


def new_file() -> IO[bytes]:
    return SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)


def _parsed(line: bytes) -> object:
    if len(line) > LONGEST_LINE:
        return line[:LONGEST_LINE].decode("utf-8", "backslashreplace")
    return parse_line(line)
