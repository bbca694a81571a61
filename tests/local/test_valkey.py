"""The embedded Valkey's data survives kill -9, and it requires its password."""

import os
import signal
from pathlib import Path

import pytest
import redis

from payouts_project.local.valkey import Valkey


def test_a_queue_survives_kill_9(directory: Path) -> None:
    server = Valkey(directory)
    url = server.start()
    with redis.Redis.from_url(url) as client:
        client.rpush("queue", "task")
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    assert server.start() == url
    with redis.Redis.from_url(url) as client:
        assert client.lrange("queue", 0, -1) == [b"task"]
    server.stop()


def test_it_requires_a_password(directory: Path) -> None:
    server = Valkey(directory)
    url = server.start()
    with (
        redis.Redis.from_url(f"redis://{url.split('@')[1]}") as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    server.stop()
    assert (directory / "password").stat().st_mode & 0o777 == 0o600
    assert (directory / "valkey.conf").stat().st_mode & 0o777 == 0o600
