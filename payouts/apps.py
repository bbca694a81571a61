from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "payouts"

    def ready(self) -> None:
        from payouts import webhooks  # noqa: PLC0415 (handlers are registered once apps are loaded)

        webhooks.register_handlers()
