from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    name = "console"
    default = True


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """Stands for `django.contrib.admin` in INSTALLED_APPS, with our site as the default one."""

    default = False
    default_site = "console.site.ConsoleSite"
