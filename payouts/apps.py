from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "payouts"

    def ready(self) -> None:
        # Handlers are registered once apps are loaded.
        from payouts import selectors, webhooks  # noqa: PLC0415
        from stripe_io import platform_account  # noqa: PLC0415

        webhooks.register_handlers()
        platform_account.register_history(selectors.known_at_stripe)
