from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StripeIoConfig(AppConfig):
    name = "stripe_io"
    verbose_name = "Stripe"

    def ready(self) -> None:
        from stripe_io.installation import verify  # noqa: PLC0415 (models are loaded by now)

        post_migrate.connect(verify, sender=self)
