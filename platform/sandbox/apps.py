from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Here for its management command alone: the sandbox has no models, urls or settings of its own."""

    name = "sandbox"
    label = "sandbox"
