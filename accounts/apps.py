from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import webhooks  # noqa: PLC0415 (handlers are registered once apps are loaded)

        webhooks.register_handlers()
