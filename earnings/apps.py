from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EarningsConfig(AppConfig):
    name = "earnings"

    def ready(self) -> None:
        from earnings.services.commission import seed_first_rate  # noqa: PLC0415 (models are loaded by now)

        post_migrate.connect(seed_first_rate, sender=self)
