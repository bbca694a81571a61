"""Sending many simultaneous requests to a real web process."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; `headers` by lower-case names, `seconds` since the start of the burst."""

    status: int
    headers: Mapping[str, str]
    seconds: float


def ask_at_once(port: int, path: str, number: int) -> list[Answer]:
    """Send this many requests simultaneously, each on its own connection, and wait for all responses."""

    async def burst() -> list[Answer]:
        return await asyncio.gather(*[_ask(port, path) for _ in range(number)])

    return asyncio.run(asyncio.wait_for(burst(), PATIENCE_SECONDS))


async def _ask(port: int, path: str) -> Answer:
    clock = asyncio.get_running_loop().time
    started = clock()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        await reader.read()
    finally:
        writer.close()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(head.split()[1]), headers, clock() - started)
