from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Handlers are registered once apps are loaded.
        from accounts import groups, selectors, sessions, webhooks  # noqa: PLC0415
        from stripe_io import platform_account  # noqa: PLC0415

        webhooks.register_handlers()
        platform_account.register_history(selectors.known_at_stripe)
        user_logged_in.connect(sessions.begin)
        post_migrate.connect(groups.make_groups, sender=self)
