"""Pages on which administrators change rows: each change has a reason, and is recorded as an act."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from database import acts
from database.acts import Kind
from database.forms import ReasonField
from database.staff import act_of_administrator

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _ModelForm = forms.ModelForm[Any]
else:
    from unfold.admin import ModelAdmin as _ModelAdmin

    _ModelForm = forms.ModelForm


class ReasonedForm(_ModelForm):
    """Asks for the reason of a change."""

    reason = ReasonField(widget=UnfoldAdminTextInputWidget, help_text="Why: recorded with the change.")


class RecordedAdmin(_ModelAdmin):
    """A table that administrators add to and change. Its form is a ReasonedForm; nothing is deleted."""

    form = ReasonedForm
    actions = None
    added: ClassVar[Kind]
    changed: ClassVar[Kind]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        fields = [field for field in form.changed_data if field != "reason"]
        acts.record(
            act_of_administrator(request, form.cleaned_data["reason"]),
            self.changed if change else self.added,
            subject=form.instance,
            before=self.told({field: form.initial.get(field) for field in fields}) if change else {},
            after=self.told({field: form.cleaned_data[field] for field in fields}),
        )

    def told(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what may be recorded of these values; see `database.models.RecordedAct`."""
        return {field: value.pk if isinstance(value, Model) else value for field, value in values.items()}
