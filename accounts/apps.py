from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import sessions, webhooks  # noqa: PLC0415 (handlers are registered once apps are loaded)

        webhooks.register_handlers()
        user_logged_in.connect(sessions.begin)
