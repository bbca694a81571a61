"""Initial rows of an installation, created after migrations where they are missing."""

from collections.abc import Callable
from typing import Any

from django.apps import apps as installed
from django.apps.config import AppConfig
from django.db.models.signals import post_migrate


def seed_after_migrate(config: AppConfig, *, model: str, seed: Callable[[], None]) -> None:
    """Call `seed` after each migrate, if the table of `model` ("app.Model") exists."""

    def receive(*, apps: Any = installed, **signal: Any) -> None:
        try:
            apps.get_model(model)
        except LookupError:
            return
        seed()

    post_migrate.connect(receive, sender=config, weak=False, dispatch_uid=f"seed {model}")
