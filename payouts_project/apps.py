from django.apps import AppConfig

from database.seeds import seed_after_migrate


class PayoutsProjectConfig(AppConfig):
    name = "payouts_project"

    def ready(self) -> None:
        from payouts_project.schedules import create_missing  # noqa: PLC0415 (models are loaded by now)

        seed_after_migrate(self, model="django_celery_beat.PeriodicTask", seed=create_missing)
