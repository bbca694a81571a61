"""`{{ value|show }}`, `{{ object|name }}`: values and objects in templates as they show everywhere else."""

from django import template
from django.db.models import Model

from database.display import name_of, show

register = template.Library()
register.filter("show", show)


@register.filter
def name(value: object) -> str:
    return name_of(value) if isinstance(value, Model) else str(value)
