"""Fields of forms that staff fill in."""

from typing import Any

from django import forms

from database.texts import legible


class ReasonField(forms.CharField):
    """Takes a text without what hides or turns around its characters."""

    def to_python(self, value: Any) -> str:
        return legible(str(super().to_python(value)))
