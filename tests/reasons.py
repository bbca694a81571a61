"""The reasons that stand on rows of any table, and the acts that they refer to."""

from collections.abc import Iterator
from typing import NamedTuple

from django.apps import apps
from django.db.models import Model, TextField

from database.models import RecordedAct

# Of two people who decide about one row, each has an act.
_OF_TWO = {"reason": "proposal_act", "decide_reason": "decision_act"}
KEYS = {("adjustments", column): key for column, key in _OF_TWO.items()} | {
    ("suspense_placements", column): key for column, key in _OF_TWO.items()
}
# The acts themselves; what the service says; and moves, whose payout leads to the act.
WITHOUT_ACT = {("acts", "reason"), ("billing_batches", "set_aside_reason"), ("payout_events", "reason")}


class Reason(NamedTuple):
    """A column with reasons of staff, and the one that refers to the act."""

    model: type[Model]
    column: str
    key: str


def reasons() -> Iterator[Reason]:
    """Yield every column with reasons of staff."""
    for model in apps.get_models():
        for column in model._meta.fields:
            place = (model._meta.db_table, column.name)
            if isinstance(column, TextField) and "reason" in column.name and place not in WITHOUT_ACT:
                yield Reason(model, column.name, KEYS.get(place, column.name.replace("reason", "act")))


def without_their_act(reason: str) -> list[str]:
    """List the rows with this reason that refer to no act with it."""
    recorded = RecordedAct.objects.filter(reason=reason)
    return [
        f"{found.model._meta.db_table}.{found.column} of {row.pk}"
        for found in reasons()
        for row in found.model._base_manager.filter(**{found.column: reason}).exclude(
            **{f"{found.key}__in": recorded}
        )
    ]
