"""`{{ value|show }}` and `{{ object|name }}`: format values and objects as the rest of the console does."""

from django import template
from django.db.models import Model

from database.display import name_of, show

register = template.Library()
register.filter("show", show)


@register.filter
def name(value: object) -> str:
    return name_of(value) if isinstance(value, Model) else str(value)
