from django.apps import AppConfig

from database.seeds import seed_after_migrate


class EarningsConfig(AppConfig):
    name = "earnings"

    def ready(self) -> None:
        from earnings.services.commission import seed_first_rate  # noqa: PLC0415 (models are loaded now)

        seed_after_migrate(self, model="earnings.CommissionRate", seed=seed_first_rate)
