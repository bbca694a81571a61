"""The sandbox over HTTP, on the loopback address only."""

import ipaddress
import os
import socket
import struct
import threading
import time
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Self
from urllib.parse import urlsplit

from sandbox.api import Api
from sandbox.clock import Clock
from sandbox.config import Config
from sandbox.messages import NoAnswer, Request, Response
from sandbox.store import Store
from sandbox.webhooks import Deliverer

HEARTBEAT_SECONDS = 0.02

# SO_LINGER with no time to linger: closing then sends RST.
_LINGER_RESET = struct.pack("ii", 1, 0)


class SandboxServer:
    """A local Stripe for the duration of the `with` block; its state stays in `config.state`.

    `port` 0 takes a free port, which is then in `url`. Raises `ValueError` for a host that other machines can reach.
    """

    def __init__(self, config: Config, *, host: str = "127.0.0.1", port: int = 0) -> None:
        if not ipaddress.IPv4Address(host).is_loopback:
            raise ValueError(f"the sandbox listens on a loopback address only, not on {host}")
        self._stopping = threading.Event()
        self._store = Store(config.state)
        clock = Clock(self._store)
        self._api = Api(config, self._store, clock, stopping=self._stopping)
        self._deliverer = Deliverer(config, self._store, clock)
        self._listener = _Listener((host, port), self._api, self._stopping)
        self._threads = [
            threading.Thread(
                target=self._listener.serve_forever, kwargs={"poll_interval": 0.005}, name="sandbox-http"
            ),
            threading.Thread(target=self._beat, name="sandbox-heartbeat"),
        ]

    @property
    def url(self) -> str:
        host, port = self._listener.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def platform(self) -> str:
        """The id of the platform's own account."""
        return self._api.platform

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping.set()
        self._listener.shutdown()
        self._listener.hang_up()
        self._listener.server_close()
        for thread in self._threads:
            thread.join()
        self._deliverer.close()
        self._store.close()

    def _beat(self) -> None:
        while not self._stopping.wait(HEARTBEAT_SECONDS):
            self._api.pass_time()
            self._deliverer.send_due()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for responses in progress
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], api: Api, stopping: threading.Event) -> None:
        super().__init__(address, _Handler)
        self.api = api
        self.stopping = stopping
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # the parent would also look up the host's name

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close the connections that clients keep open; a response in progress is still sent."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # the client has already left
                    connection.shutdown(socket.SHUT_RD)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client did not wait
            super().handle()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        request = Request(
            method=self.command,
            path=url.path,
            query=url.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length).decode(errors="replace"),
        )
        outcome = self.server.api.answer(request)
        if isinstance(outcome, NoAnswer):
            self._say_nothing(outcome)
        else:
            self._send(outcome)

    def _send(self, response: Response) -> None:
        body = response.body.encode()
        headers = {
            "Date": formatdate(time.time(), usegmt=True),
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **response.headers,
        }
        head = f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.wfile.write(f"{head}{lines}\r\n".encode("latin-1") + body)

    def _say_nothing(self, silence: NoAnswer) -> None:
        self.close_connection = True
        self.server.stopping.wait(silence.seconds)
        if silence.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
            os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the control endpoints show the traffic."""
