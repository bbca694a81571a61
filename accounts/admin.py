"""Console pages of staff users, and read-only ones of creators, their Stripe accounts and holds."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import ManyToManyField, Model
from django.http import HttpRequest, HttpResponse
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.groups import StaffGroup
from accounts.models import (
    AccountStatus,
    Creator,
    CreatorChange,
    CreatorField,
    CreatorPaymentAccount,
    Hold,
    HoldSource,
    OpeningRefusal,
    RefusalCause,
    User,
)
from database import acts
from database.acts import Kind
from database.admin import (
    CHANGED_BY,
    LargeTableAdmin,
    ReadOnlyAdmin,
    ReasonedForm,
    RecordedAdmin,
    column,
    copied,
    link,
    narrowed_by,
    number,
    short,
    state,
    titled,
)
from database.staff import act_of_administrator

if TYPE_CHECKING:

    class _UserAdmin(RecordedAdmin, DjangoUserAdmin[Any]): ...

else:

    class _UserAdmin(RecordedAdmin, DjangoUserAdmin):
        pass


class GroupsField(forms.ModelMultipleChoiceField[Group]):
    def label_from_instance(self, group: Model) -> str:
        assert isinstance(group, Group)
        return StaffGroup(group.name).label if group.name in StaffGroup else group.name


# What makes a user an administrator.
_ADMINISTRATOR = ("is_active", "is_staff", "is_superuser")


class UserForm(ReasonedForm, UserChangeForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        administrator = self.fields["is_superuser"]
        administrator.label = "Administrator"
        administrator.help_text = "Manages users and schedules, and has no other right."

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("is_superuser") and self.cleaned_data.get("groups"):
            self.add_error("groups", "A superuser manages staff, and is in no group.")
        if not all(self.cleaned_data.get(flag) for flag in _ADMINISTRATOR):
            administrators = User.objects.filter(**dict.fromkeys(_ADMINISTRATOR, True))
            if set(administrators) == {self.instance}:
                self.add_error(None, "Nobody else manages users. Make someone else an administrator first.")


class NewUserForm(ReasonedForm, UserCreationForm):  # type: ignore[misc]
    pass


@admin.register(User)
class UserAdmin(_UserAdmin):
    """Staff, managed by superusers. People who leave are deactivated: what they did keeps their name."""

    form = UserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        ("Change", {"fields": ["reason"]}),
        ("Times", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["username", "usable_password", "password1", "password2"]}),
        ("Change", {"fields": ["reason"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []
    added = Kind.ADD_USER
    changed = Kind.CHANGE_USER

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        return [*self.readonly_fields, "username"] if obj else list(self.readonly_fields)

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelMultipleChoiceField[Any] | None":
        if db_field.name != "groups":
            return super().formfield_for_manytomany(db_field, request, **kwargs)
        return GroupsField(
            Group.objects.order_by("pk"),
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="What this person may do. Superusers manage users and schedules only.",
        )

    def told(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Tell flags and names of groups; of names, email address and password, only that they changed."""
        told: dict[str, Any] = {}
        for field, value in values.items():
            if field == "groups":
                told[field] = sorted(group.name for group in value or ())
            else:
                told[field] = value if field.startswith("is_") or field == "username" else "changed"
        return told

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        with transaction.atomic():
            before = User.objects.select_for_update(no_key=True).filter(pk=id).values_list("password").first()
            response = super().user_change_password(request, id, form_url)
            user = User.objects.filter(pk=id).exclude(password=before[0] if before else "").first()
            if user:
                act = act_of_administrator(request, "Set a password")
                acts.record(act, Kind.CHANGE_PASSWORD, subject=user)
        return response


@admin.register(Creator)
class CreatorAdmin(ReadOnlyAdmin):
    list_display = [titled("external_id", "Creator id"), "email", "country", "created_at"]
    search_fields = [
        "external_id__startswith",
        "payment_accounts__stripe_account_id",
        "pk",
    ]
    personal_search_fields = ["email__istartswith", "payment_accounts__external_account_id"]
    search_help_text = "Start of a creator id or email address; acct_ or ba_"
    ordering = ["external_id"]
    details = [copied("external_id", "Creator id"), "email", "country", "created_at", copied("pk", "Id")]
    personal = ["email"]


@admin.register(CreatorChange)
class CreatorChangeAdmin(LargeTableAdmin):
    list_display = [number, link("creator"), state("field", CreatorField), "before", "after", *CHANGED_BY]
    list_select_related = ["creator"]
    list_filter = ["field", "way", narrowed_by("creator", Creator)]
    search_fields = ["creator__external_id"]
    search_help_text = "Creator id"
    details = [
        link("creator"),
        state("field", CreatorField),
        "before",
        "after",
        *CHANGED_BY,
        "reason",
    ]
    personal = ["before", "after"]


@column("Open")
def is_open(hold: Hold) -> bool:
    return hold.lifted_at is None


@column("Live")
def is_live(account: CreatorPaymentAccount) -> bool:
    return account.replaced_at is None


_DESTINATION = [
    titled("external_account_bank", "Bank"),
    titled("external_account_last4", "Last four digits"),
    copied("external_account_id", "Bank account or card"),
    copied("external_account_fingerprint", "Fingerprint"),
]


@admin.register(CreatorPaymentAccount)
class CreatorPaymentAccountAdmin(ReadOnlyAdmin):
    list_display = [
        "__str__",
        link("creator"),
        state("account_status", AccountStatus, "Status"),
        "country",
        "payouts_enabled",
        is_live,
        "created_at",
    ]
    list_select_related = ["creator"]
    list_filter = ["account_status", narrowed_by("creator", Creator)]
    search_fields = ["stripe_account_id", "creator__external_id", "pk"]
    search_help_text = "Stripe account (acct_…) or creator id"
    ordering = ["-pk"]
    details = [
        link("creator"),
        copied("stripe_account_id", "Stripe account"),
        "api",
        state("account_status", AccountStatus, "Status"),
        is_live,
        "country",
        titled("refused_country", "Country refused by Stripe"),
        "default_currency",
        "business_type",
        "service_agreement",
        "details_submitted",
        "charges_enabled",
        "payouts_enabled",
        "capabilities",
        "requirements",
        "future_requirements",
        titled("schedule", "Payout schedule"),
        *_DESTINATION,
        "created_at",
        titled("returned_at", "Back from Stripe's form"),
        "onboarding_completed_at",
        "first_active_at",
        titled("synced_at", "Last refreshed"),
        titled("gone_at", "Access lost"),
        "replaced_at",
        "replaced_by",
        "replace_reason",
        copied("pk", "Id"),
    ]
    personal = _DESTINATION


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = [
        short("reason"),
        link("creator"),
        state("source", HoldSource),
        is_open,
        "placed_by",
        "placed_at",
        "expires_at",
        "lifted_at",
    ]
    list_select_related = ["creator"]
    list_filter = ["source", ("lifted_at", admin.EmptyFieldListFilter), narrowed_by("creator", Creator)]
    search_fields = ["creator__external_id", "pk"]
    search_help_text = "Creator id"
    ordering = ["-pk"]
    details = [
        link("creator"),
        state("source", HoldSource),
        is_open,
        "reason",
        "placed_by",
        "placed_at",
        "expires_at",
        "lifted_by",
        "lift_reason",
        "lifted_at",
        copied("pk", "Id"),
    ]


@column("Mended")
def is_mended(refusal: OpeningRefusal) -> bool:
    return refusal.mended_at is not None


@admin.register(OpeningRefusal)
class OpeningRefusalAdmin(ReadOnlyAdmin):
    list_display = [
        short("sentence", "Stripe's sentence"),
        state("cause", RefusalCause),
        link("payment_account"),
        "country",
        is_mended,
        "times",
        "refused_at",
        "last_refused_at",
    ]
    list_select_related = ["payment_account__creator"]
    list_filter = ["cause", ("mended_at", admin.EmptyFieldListFilter)]
    search_fields = ["payment_account__creator__external_id", "pk"]
    search_help_text = "Creator id"
    ordering = ["-pk"]
    details = [
        titled("sentence", "Stripe's sentence"),
        "code",
        titled("page", "Where to mend it"),
        state("cause", RefusalCause),
        is_mended,
        link("payment_account"),
        "api",
        "country",
        "business_type",
        "email",
        "times",
        "refused_at",
        "last_refused_at",
        "mended_at",
        copied("pk", "Id"),
    ]
    personal = ["email"]
