"""If Redis doesn't answer, callers don't wait for it again and again."""

import time

import pytest
import redis
from pytest_django import Settings

from tests.silence import silent_server
from web import redis_client


def seconds_to_fail() -> float:
    began = time.monotonic()
    with pytest.raises(redis.RedisError):
        redis_client.ask(lambda client: client.ping())
    return time.monotonic() - began


def test_after_a_time_out_redis_is_not_called_for_a_while(settings: Settings) -> None:
    with silent_server() as settings.REDIS_URL:
        assert 0.9 < seconds_to_fail() < 1.5
        assert max(seconds_to_fail() for _ in range(20)) < 0.1


@pytest.mark.full
def test_redis_is_called_again_after_a_while(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "SILENCE_SECONDS", 0)
    with silent_server() as settings.REDIS_URL:
        assert seconds_to_fail() > 0.9
        assert seconds_to_fail() > 0.9


def test_a_refused_connection_is_tried_each_time(settings: Settings) -> None:
    address, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:9/0"
    assert seconds_to_fail() < 0.5
    settings.REDIS_URL = address
    assert redis_client.ask(lambda client: client.ping())
