from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "database"

    def ready(self) -> None:
        from database import version  # noqa: PLC0415 (signals connect once apps are loaded)

        version.refuse_older_servers()
