"""Changing a creator's details, which only staff can."""

from datetime import datetime

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.errors import NothingToSet
from accounts.models import EMAIL_MAX_LENGTH, Creator
from accounts.services import creators
from console.acting import ActForm, ConsoleAct, Done, Given, Preview, console_act
from database.staff import Act, Right


class DetailsForm(ActForm):
    """Asks for all details; one that is emptied is removed."""

    email = forms.EmailField(
        label="Email address", required=False, max_length=EMAIL_MAX_LENGTH, widget=UnfoldAdminTextInputWidget
    )
    country = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Two letters, such as US (ISO 3166-1 alpha-2).",
    )

    def clean_country(self) -> str:
        country: str = self.cleaned_data["country"].upper()
        if country and not creators.is_country(country):
            raise forms.ValidationError("There is no such country.")
        return country


@console_act
class ChangeDetails(ConsoleAct[Creator]):
    name = "change-details"
    model = Creator
    right = Right.EDIT_CATALOG
    label = "Change details"
    verb = "Change details of"
    icon = "edit"
    form = DetailsForm

    def initial(self, obj: Creator) -> Given:
        return {"email": obj.email, "country": obj.country}

    def preview(self, obj: Creator, given: Given) -> Preview:
        effects = [
            f"change the {what} from {before or 'none'} to {given[field] or 'none'}"
            for field, what, before in (
                ("email", "email address", obj.email),
                ("country", "country", obj.country),
            )
            if given[field] != before
        ]
        if not effects:
            raise NothingToSet(obj.external_id)
        return Preview([*effects, "leave an existing Stripe account as it is"])

    def perform(self, obj: Creator, given: Given, *, act: Act, now: datetime) -> Done:
        creators.set_details(obj, email=given["email"], country=given["country"], act=act)
        return Done(f"The details of {obj.external_id} are changed.")
