"""Path converters for URLs."""

from django.urls import register_converter

from database.fields import EXTERNAL_ID_CHARACTERS


class ExternalIdConverter:
    """An id from another system; URLs with an invalid one don't exist."""

    regex = EXTERNAL_ID_CHARACTERS

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ExternalIdConverter, "external_id")
