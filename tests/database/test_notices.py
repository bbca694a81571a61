"""Debounced tasks are sent once until they start."""

import json
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
import redis
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from database import notices

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> str:
    """A task name that no other test uses."""
    return f"earnings.{uuid4()}"


@pytest.fixture
def ask(task: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Callable[..., None]:
    def ask(**arguments: str) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            notices.send_debounced_on_commit(task, **arguments)

    return ask


@pytest.fixture
def sent(task: str, settings: Settings) -> Callable[[], int]:
    """Count these tasks in the queue."""
    queue = redis.Redis.from_url(settings.CELERY_BROKER_URL)

    def sent() -> int:
        return [json.loads(message)["headers"]["task"] for message in queue.lrange("earnings", 0, -1)].count(
            task
        )

    return sent


def test_a_debounced_task_is_sent_once_until_it_starts(
    task: str, ask: Callable[[], None], sent: Callable[[], int]
) -> None:
    for _ in range(5):
        ask()
    assert sent() == 1
    notices.begin_debounced(task)
    for _ in range(5):
        ask()
    assert sent() == 2


def test_tasks_with_different_arguments_are_debounced_separately(
    task: str, ask: Callable[..., None], sent: Callable[[], int]
) -> None:
    for month in ("2026-09", "2026-10", "2026-09"):
        ask(month=month)
    assert sent() == 2
    notices.begin_debounced(task, month="2026-10")
    for month in ("2026-09", "2026-10"):
        ask(month=month)
    assert sent() == 3


def test_a_lost_debounced_task_holds_back_others_only_for_a_while(
    ask: Callable[[], None], sent: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "CLAIM_SECONDS", 1)
    ask()
    time.sleep(1.1)
    ask()
    assert sent() == 2


def test_without_a_cache_every_notice_is_sent(
    task: str, ask: Callable[[], None], sent: Callable[[], int], settings: Settings
) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    for _ in range(3):
        ask()
    assert sent() == 3
    notices.begin_debounced(task)
