"""The supervisor's status, in a file that other processes read."""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path


class Phase(StrEnum):
    """The phases of a stack's life."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass
class ProgramStatus:
    """The status of one program; `pid` is None while it isn't running."""

    pid: int | None
    restarts: int = 0


@dataclass
class Status:
    """The status of a stack.

    `ready` lists the programs that have started so far, in order; `waiting` is the reason why the next one isn't ready
    yet. `error` is for the person at the keyboard.
    """

    supervisor: int
    phase: Phase
    ready: list[str] = field(default_factory=list)
    programs: dict[str, ProgramStatus] = field(default_factory=dict)
    waiting: str = ""
    error: str = ""

    def write(self, path: Path) -> None:
        """Replace the file in one step."""
        new = path.with_name(f"{path.name}.new")
        new.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        new.replace(path)


def read(path: Path) -> Status | None:
    """Return the status that the last supervisor wrote, or None if there was none."""
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    programs = {name: ProgramStatus(**program) for name, program in content.pop("programs").items()}
    return Status(**{**content, "phase": Phase(content["phase"]), "programs": programs})
