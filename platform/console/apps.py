from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed


class ConsoleConfig(AppConfig):
    name = "console"
    default = True

    def ready(self) -> None:
        from console import login  # noqa: PLC0415 (models are loaded by now)

        user_logged_in.connect(login.tell_login)
        user_logged_out.connect(login.tell_logout)
        user_login_failed.connect(login.tell_failure)


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """Stands for `django.contrib.admin` in INSTALLED_APPS, with our site as the default one."""

    default = False
    default_site = "console.site.ConsoleSite"
