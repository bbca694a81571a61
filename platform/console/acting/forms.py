"""The form of a dialog: the reason, the act's own fields, and what guards against doing it twice or unawares."""

from typing import Any
from uuid import uuid4

from django import forms
from django.http import QueryDict
from unfold.widgets import UnfoldAdminTextareaWidget

from database.forms import ReasonField

SHORTEST_REASON = 10


class ActForm(forms.Form):
    """Asks for the reason. An act that needs to know more adds fields in a subclass.

    `token` is new in each dialog that is opened, and `seen` is the digest of the preview that it shows.
    """

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = ReasonField(
        min_length=SHORTEST_REASON,
        max_length=2_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Recorded with your name. Creators never see it.",
        error_messages={
            "required": "A reason is needed.",
            "min_length": f"Say why, in at least {SHORTEST_REASON} characters.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([*self.own_fields(), "reason"])
        first = next(iter(self.visible_fields()))
        first.field.widget.attrs["autofocus"] = True

    @classmethod
    def own_fields(cls) -> list[str]:
        """Name the fields that the act adds."""
        return [name for name in cls.base_fields if name not in ActForm.base_fields]

    @property
    def given(self) -> dict[str, Any]:
        """The valid values of the act's own fields."""
        return {name: self.cleaned_data[name] for name in self.own_fields()}

    def filled_in(self, **hidden: str) -> "ActForm":
        """Return this form as it was filled in, with other hidden values."""
        assert isinstance(self.data, QueryDict)
        data = self.data.copy()
        for name, value in hidden.items():
            data[name] = value
        return type(self)(data)
