from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Installed only for its management command: the sandbox has no models, URLs or settings of its own."""

    name = "sandbox"
    label = "sandbox"
