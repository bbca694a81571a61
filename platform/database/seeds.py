"""Initial rows of an installation, created after migrations where they are missing."""

from collections.abc import Callable
from typing import Any

from django.apps import apps as installed
from django.apps.config import AppConfig
from django.db.models import Model
from django.db.models.signals import post_migrate


def seed_after_migrate(config: AppConfig, *, model: str, seed: Callable[[], None]) -> None:
    """Call `seed` after each migrate, if the table of `model` ("app.Model") is as this code expects it."""

    def receive(*, apps: Any = installed, **signal: Any) -> None:
        try:
            migrated = apps.get_model(model)
        except LookupError:
            return
        if _columns(migrated) == _columns(installed.get_model(model)):
            seed()

    post_migrate.connect(receive, sender=config, weak=False, dispatch_uid=f"seed {model}")


def _columns(model: type[Model]) -> set[str | None]:
    return {field.column for field in model._meta.concrete_fields}
