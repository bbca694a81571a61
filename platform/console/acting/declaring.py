"""Declaring the acts of staff in the console."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import Model

from console.acting.forms import ActForm
from console.acting.preview import Done, Preview, total_of
from database.display import count_of, name_of
from database.staff import Act, Right

M = TypeVar("M", bound=Model | None)
Given = Mapping[str, Any]


class ConsoleAct(ABC, Generic[M]):
    """An act on an object of one table; `model` None is for acts on the platform as a whole, whose object is None.

    `name` is its address. Whoever has `right` may do it. `label` is the text of the button that
    opens the dialog, `verb` begins the button that confirms it, and `noun` is what the preview's amounts are amounts
    of. A dangerous act has a red button. With `in_lists`, it can be done to several rows of a list at once. An act on
    the platform has its button `above` the list of a table. `form` has fields of its own if the act needs to know more
    than the reason.
    """

    name: ClassVar[str]
    model: ClassVar[type[Model] | None]
    right: ClassVar[Right]
    label: ClassVar[str]
    verb: ClassVar[str]
    noun: ClassVar[str] = "payout"
    icon: ClassVar[str]
    is_dangerous: ClassVar[bool] = False
    in_lists: ClassVar[bool] = False
    above: ClassVar[type[Model] | None] = None
    form: ClassVar[type[ActForm]] = ActForm

    def missing_right(self, user: Any) -> Right | None:
        """Return the right that the act needs, if this user lacks it."""
        return None if user.has_perm(self.right.permission) else self.right

    def obstacle(self, obj: M) -> str:
        """Say in a sentence why this can't be done now; empty if it can."""
        return ""

    def obstacle_for(self, obj: M, username: str) -> str:
        """Say why this can't be done by this member of staff, though others can, such as whoever proposed it."""
        return ""

    def why_not(self, obj: M, *, username: str) -> str:
        """Say in a sentence why this member of staff can't do it now; empty if they can."""
        return self.obstacle(obj) or self.obstacle_for(obj, username)

    def initial(self, obj: M) -> Given:
        """Return what the form's own fields hold at first."""
        return {}

    @abstractmethod
    def preview(self, obj: M, given: Given) -> Preview:
        """Work out what this will do, without locks and writes; `given` are the values of the form's own fields.

        Raises: Refusal if it can't be done with these values.
        """

    @abstractmethod
    def perform(self, obj: M, given: Given, *, act: Act, now: datetime) -> Done:
        """Call the service.

        Raises: Refusal.
        """

    def title(self, objects: Sequence[M]) -> str:
        """Name the act and what it is done to."""
        if self.model is None:
            return self.label
        if len(objects) == 1 and isinstance(objects[0], Model):
            return f"{self.label}: {name_of(objects[0])}"
        return f"{self.label}: {self.count(objects)}"

    def count(self, objects: Sequence[object]) -> str:
        """Write how many objects of its table these are."""
        assert self.model is not None
        options = self.model._meta
        return count_of(len(objects), str(options.verbose_name), str(options.verbose_name_plural))

    def button(self, objects: Sequence[M], previews: Sequence[Preview]) -> str:
        """Name what is confirmed: `Hold 2 payouts, $2,161.59`."""
        amounts = [amount for preview in previews for amount in preview.amounts]
        if amounts:
            return f"{self.verb} {count_of(len(amounts), self.noun)}, {total_of(amounts)}"
        if len(objects) == 1 and isinstance(objects[0], Model):
            return f"{self.verb} {name_of(objects[0])}"
        if self.model is not None:
            return f"{self.verb} {self.count(objects)}"
        return self.label


_acts: dict[str, ConsoleAct[Any]] = {}
A = TypeVar("A", bound=type[ConsoleAct[Any]])


def console_act(declared: A) -> A:
    """Put an act into the console: its dialog, and its button on the pages of its model."""
    if declared.name in _acts:
        raise ValueError(f"two acts are named {declared.name}")
    _acts[declared.name] = declared()
    return declared


def act_named(name: str) -> ConsoleAct[Any] | None:
    return _acts.get(name)


def all_acts() -> list[ConsoleAct[Any]]:
    return list(_acts.values())


def acts_on(model: type[Model] | None) -> list[ConsoleAct[Any]]:
    """List the acts on a table's objects, in the order of their declaration."""
    return [act for act in _acts.values() if act.model is model]
