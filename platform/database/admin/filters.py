"""Filters that are set by links."""

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from database.display import name_of


class NarrowedBy(SimpleListFilter):
    """The rows of one object. The filter appears only when a link has set it: it never lists all objects."""

    related: type[Model]
    subject: object = None

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        value = self.value()
        if value is None:
            return []
        try:
            subject = self.related._base_manager.get(pk=value)
        except (ObjectDoesNotExist, ValidationError, ValueError) as error:
            raise IncorrectLookupParameters from error
        self.subject = subject
        return [(value, name_of(subject))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.subject is None else self.rows_of(self.subject, queryset)

    def rows_of(self, subject: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{str(self.parameter_name): subject})


def narrowed_by(field: str, related: type[Model]) -> type[NarrowedBy]:
    """Make a filter on a foreign key, set by `?field=<key>`."""
    return type(
        f"NarrowedBy{field.title()}",
        (NarrowedBy,),
        {"parameter_name": field, "title": field.replace("_", " "), "related": related},
    )


class NarrowedTo(NarrowedBy):
    """The rows with one value of a field. Like `NarrowedBy`, it never lists all values."""

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        value = self.value()
        self.subject = value
        return [] if value is None else [(value, value)]


def narrowed_to(field: str) -> type[NarrowedTo]:
    """Make a filter on a field's value, set by `?field=<value>`."""
    return type(
        f"NarrowedTo{field.title()}",
        (NarrowedTo,),
        {"parameter_name": field, "title": field.replace("_", " ")},
    )
