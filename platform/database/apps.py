from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "database"

    def ready(self) -> None:
        from database import sessions  # noqa: PLC0415 (signals connect once apps are loaded)

        sessions.prepare_connections()
