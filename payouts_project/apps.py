from django.apps import AppConfig, apps

from database.seeds import seed_after_migrate


class PayoutsProjectConfig(AppConfig):
    name = "payouts_project"

    def ready(self) -> None:
        from payouts_project.schedules import create_missing  # noqa: PLC0415 (models are loaded by now)

        # An app without models, as this one, is not told of migrations; beat's own is.
        beat = apps.get_app_config("django_celery_beat")
        seed_after_migrate(beat, model="django_celery_beat.PeriodicTask", seed=create_missing)
