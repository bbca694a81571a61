"""`{{ value|show }}`, `{{ time|to_the_second }}`, `{{ object|name }}`: format values and objects as everywhere.

`{% acts_on object %}`: the buttons of what can be done to it; `{% acts_above cl %}`: those above a list.
"""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.template.context import RequestContext
from django.utils.safestring import SafeString

from console.acting.buttons import buttons_above, buttons_for
from database.display import ago, name_of, show, spoken, to_the_second

register = template.Library()
register.filter("show", show)
register.filter("spoken", spoken)
register.filter("to_the_second", to_the_second)


@register.filter
def age(since: datetime, now: datetime) -> SafeString:
    return ago(since, now=now)


@register.filter
def name(value: object) -> str:
    return name_of(value) if isinstance(value, Model) else str(value)


@register.inclusion_tag("console/acts/buttons.html", takes_context=True)
def acts_on(context: RequestContext, obj: Model | None) -> dict[str, Any]:
    return {"buttons": buttons_for(context["request"], obj)}


@register.inclusion_tag("console/acts/buttons.html", takes_context=True)
def acts_above(context: RequestContext, shown: ChangeList) -> dict[str, Any]:
    return {"buttons": buttons_above(context["request"], shown.model)}
