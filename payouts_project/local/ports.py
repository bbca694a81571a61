"""TCP ports on the loopback address."""

import secrets
import socket
import time
from pathlib import Path

LOOPBACK = "127.0.0.1"
LISTENING = range(20_000, 32_768)
PATIENCE_SECONDS = 3
POLL_SECONDS = 0.05


def is_free(port: int) -> bool:
    """Check whether nothing listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def frees_up(port: int) -> bool:
    """Check whether `port` is free, or becomes free soon.

    A killed process disappears a moment before the kernel closes its sockets.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def kept_port(path: Path) -> int:
    """Return the port stored in `path` if it is free; otherwise store a free one."""
    if path.exists() and is_free(port := int(path.read_text(encoding="ascii"))):
        return port
    port = free_port()
    path.write_text(str(port), encoding="ascii")
    return port


def free_port() -> int:
    """Choose a free port outside the range for outgoing connections."""
    while not is_free(port := secrets.choice(LISTENING)):
        pass
    return port
