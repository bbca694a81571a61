"""What a dialog proposes to do: to which objects, with what effect, and which are left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from console.acting.declaring import ConsoleAct, Given
from console.acting.preview import Preview, total_of
from database.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Part:
    """What is done to one object."""

    obj: Any
    preview: Preview

    @property
    def summary(self) -> str:
        return total_of(self.preview.amounts)


@dataclass(slots=True)
class Proposal:
    """The objects of one dialog. `left_out` has those that the act isn't possible for, with the reason."""

    act: ConsoleAct[Any]
    parts: list[Part] = field(default_factory=list)
    left_out: list[tuple[Any, str]] = field(default_factory=list)

    @classmethod
    def of(cls, act: ConsoleAct[Any], objects: Sequence[Any], given: Given, *, username: str) -> "Proposal":
        proposal = cls(act)
        for obj in objects:
            if why := act.why_not(obj, username=username):
                proposal.left_out.append((obj, why))
                continue
            try:
                proposal.parts.append(Part(obj, act.preview(obj, given)))
            except Refusal as refusal:
                proposal.left_out.append((obj, str(refusal)))
        return proposal

    @classmethod
    def obstructed(cls, act: ConsoleAct[Any], objects: Sequence[Any], *, username: str) -> "Proposal":
        """Propose nothing, and say what the act isn't possible for, whatever the form says."""
        left_out = [(obj, why) for obj in objects if (why := act.why_not(obj, username=username))]
        return cls(act, left_out=left_out)

    @property
    def digest(self) -> str:
        """Stands for all that the dialog says: if it differs, the dialog has to be read again."""
        said = (
            [(str(part.obj and part.obj.pk), part.preview) for part in self.parts],
            [(str(obj and obj.pk), why) for obj, why in self.left_out],
        )
        return sha256(repr(said).encode()).hexdigest()

    @property
    def is_of_one(self) -> bool:
        return len(self.parts) + len(self.left_out) == 1

    @property
    def effects(self) -> list[str]:
        """The effects on all objects, each sentence once."""
        return list(dict.fromkeys(effect for part in self.parts for effect in part.preview.effects))

    @property
    def told(self) -> list[str]:
        """What the creators will be told."""
        return list(dict.fromkeys(part.preview.told for part in self.parts if part.preview.told))

    @property
    def as_of_now(self) -> list[str]:
        return list(dict.fromkeys(part.preview.as_of_now for part in self.parts if part.preview.as_of_now))

    @property
    def button(self) -> str:
        """What is confirmed; an act that has to be told more first has no parts yet."""
        if not self.parts:
            return "Continue"
        return self.act.button([part.obj for part in self.parts], [part.preview for part in self.parts])
