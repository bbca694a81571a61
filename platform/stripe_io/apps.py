from django.apps import AppConfig

from database.seeds import seed_after_migrate


class StripeIoConfig(AppConfig):
    name = "stripe_io"
    verbose_name = "Stripe"

    def ready(self) -> None:
        from stripe_io import webhooks  # noqa: PLC0415 (handlers are registered once apps are loaded)
        from stripe_io.installation import verify  # noqa: PLC0415 (models are loaded by now)

        webhooks.register_handlers()
        seed_after_migrate(self, model="stripe_io.Installation", seed=verify)
