"""Path parts of addresses."""

from django.urls import register_converter

from database.fields import EXTERNAL_ID_CHARACTERS


class ExternalIdConverter:
    """An id that another system gave; whatever can't be one is no address here."""

    regex = EXTERNAL_ID_CHARACTERS

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ExternalIdConverter, "external_id")
