"""Console pages of staff users, and read-only ones of creators, their Stripe accounts and holds."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Permission
from django.db.models import ManyToManyField, Model, Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

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
from database.admin import (
    CHANGED_BY,
    LargeTableAdmin,
    ReadOnlyAdmin,
    column,
    copied,
    give_tones,
    link,
    narrowed_by,
    number,
    short,
    state,
    titled,
)
from database.staff import Right

if TYPE_CHECKING:
    _UserAdmin = DjangoUserAdmin[Any]
else:

    class _UserAdmin(DjangoUserAdmin, ModelAdmin):
        pass


give_tones(
    AccountStatus,
    success=[AccountStatus.ACTIVE],
    info=[AccountStatus.ONBOARDING],
    warning=[AccountStatus.RESTRICTED],
    danger=[AccountStatus.DISABLED],
)


def _rights() -> QuerySet[Permission]:
    """Select the permissions that are our rights, not those that Django creates for each table."""
    user = {"content_type__app_label": "accounts", "content_type__model": "user"}
    return Permission.objects.filter(**user, codename__in=Right.values).order_by("pk")


class RightsField(forms.ModelMultipleChoiceField[Permission]):
    def label_from_instance(self, permission: Model) -> str:
        assert isinstance(permission, Permission)
        return Right(permission.codename).label


class UserForm(UserChangeForm):  # type: ignore[misc]
    """Grants and revokes our rights; a user's other Django permissions stay as they are."""

    def clean_user_permissions(self) -> QuerySet[Permission]:
        others = self.instance.user_permissions.exclude(pk__in=_rights())
        return Permission.objects.filter(Q(pk__in=self.cleaned_data["user_permissions"]) | Q(pk__in=others))


@admin.register(User)
class UserAdmin(_UserAdmin):
    """Staff, managed by superusers. People who leave are deactivated: what they did keeps their name."""

    form = UserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]}),
        ("Times", {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        return [*self.readonly_fields, "username"] if obj else list(self.readonly_fields)

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelMultipleChoiceField[Any] | None":
        if db_field.name != "user_permissions":
            return super().formfield_for_manytomany(db_field, request, **kwargs)
        return RightsField(
            _rights(),
            label="Rights",
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="Superusers have all rights.",
        )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(Creator)
class CreatorAdmin(ReadOnlyAdmin):
    list_display = [titled("external_id", "Creator id"), "email", "country", "created_at"]
    search_fields = ["external_id__startswith", "email__istartswith", "pk"]
    search_help_text = "Start of a creator id or email address"
    ordering = ["external_id"]
    details = [copied("external_id", "Creator id"), "email", "country", "created_at", copied("pk", "Id")]


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


@column("Open")
def is_open(hold: Hold) -> bool:
    return hold.lifted_at is None


@column("Live")
def is_live(account: CreatorPaymentAccount) -> bool:
    return account.replaced_at is None


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
        copied("external_account_id", "Bank account or card"),
        copied("external_account_fingerprint", "Fingerprint"),
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
