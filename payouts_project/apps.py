from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PayoutsProjectConfig(AppConfig):
    name = "payouts_project"

    def ready(self) -> None:
        from payouts_project.schedules import create_missing  # noqa: PLC0415 (models are loaded by now)

        post_migrate.connect(create_missing, sender=self)
