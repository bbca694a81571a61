"""NDJSON over HTTP: read piece by piece, however large the body is; answered from a file.

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
MOST_LINES = 100_000
# The longest record that can be used is far shorter, however it is escaped.
LONGEST_LINE = 65_536
PIECE = 65_536
KEPT_IN_MEMORY = 1_000_000


class BodyTooLarge(Refusal):
    """More lines than one request may carry; those before are taken in."""

    def __init__(self, line: int) -> None:
        super().__init__(
            f"One request can't carry line {line} and what follows. The lines before it were taken in: "
            "send the others in requests of their own."
        )
        self.line = line


class BodyCutOff(Refusal):
    """The body ends in the middle of a line; those before are taken in."""

    def __init__(self, line: int) -> None:
        super().__init__(
            f"The body ends in the middle of line {line}. The lines before it were taken in: "
            "send it again, whole or from that line on."
        )
        self.line = line


class NdjsonRenderer(BaseRenderer):
    """A media type to agree on; what is written in it are files, which need no renderer."""

    media_type = MEDIA_TYPE
    format = "ndjson"


class NdjsonFile(FileResponse):
    """An answer that was written to a file line by line."""

    block_size = PIECE

    def __init__(self, file: IO[bytes]) -> None:
        file.seek(0)
        super().__init__(file, content_type=MEDIA_TYPE)


class NdjsonBody:
    """What the lines of a request say, with their numbers from 1, read as they are asked for; blank ones say nothing.

    It ends where the body does, or where that is too much or cut off: then `refusal` says so.
    """

    def __init__(self, request: Request) -> None:
        # A body that comes in chunks doesn't say how long it is; Django's stream goes by a length.
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
            if number > MOST_LINES:
                self.refusal = BodyTooLarge(number)
                return
            said = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if said.strip():
                yield number, _said(said)
        if self._stopped is not None:
            self.refusal = self._stopped(number + 1)

    def _lines(self) -> Iterator[bytes]:
        read, rest = 0, b""
        # Not by readline, which granian's stream doesn't do as WSGI asks.
        while piece := self._read(PIECE):
            read += len(piece)
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            if read > settings.NDJSON_MAX_BYTES:
                self._stopped = BodyTooLarge
                return
            rest = rest[: LONGEST_LINE + 1]
        if not self._came_whole(read, rest):
            self._stopped = BodyCutOff
        elif rest:
            yield rest

    def _came_whole(self, read: int, rest: bytes) -> bool:
        if self._length is not None:
            return read == self._length
        # granian ends a stream that broke off like one that is complete.
        return not rest.strip() or isinstance(parse_line(rest), dict)


def is_ndjson(request: Request) -> bool:
    return media_type_matches(MEDIA_TYPE, request.content_type or "")


def new_file() -> IO[bytes]:
    return SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)


def _said(line: bytes) -> object:
    if len(line) > LONGEST_LINE:
        return line[:LONGEST_LINE].decode("utf-8", "backslashreplace")
    return parse_line(line)
