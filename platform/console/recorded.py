"""What a recorded act says, in words."""

from collections.abc import Mapping
from typing import Any

from database.acts import Kind
from database.models import RecordedAct
from money import Money

# Fields that hold an amount in minor units of the `currency` beside them.
_AMOUNTS = ("amount", "gross")


def what_was_done(act: RecordedAct) -> str:
    return Kind(act.kind).label if act.kind in Kind else act.kind


def what_it_changed(act: RecordedAct) -> str:
    """Tell each field before and after."""
    fields = dict.fromkeys([*act.before, *act.after])
    return "; ".join(f"{field.replace('_', ' ')}: {_change(act, field)}" for field in fields)


def _change(act: RecordedAct, field: str) -> str:
    before, after = _value(act.before, field), _value(act.after, field)
    if field not in act.before:
        return f"{after}"
    return f"{before} → {after}" if field in act.after else f"{before}"


def _value(values: Mapping[str, Any], field: str) -> object:
    value = values.get(field)
    if field in _AMOUNTS and isinstance(value, int) and "currency" in values:
        return Money(value, values["currency"])
    return value
