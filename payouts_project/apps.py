from django.apps import AppConfig, apps

from database.seeds import seed_after_migrate


class PayoutsProjectConfig(AppConfig):
    name = "payouts_project"

    def ready(self) -> None:
        from payouts_project.schedules import create_missing  # noqa: PLC0415 (models are loaded by now)

        # Django sends no post_migrate signal for an app without models, such as this one, but for beat's app it does.
        beat = apps.get_app_config("django_celery_beat")
        seed_after_migrate(beat, model="django_celery_beat.PeriodicTask", seed=create_missing)
