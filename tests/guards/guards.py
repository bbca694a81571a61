"""The guards, listed in one TOML file for each part of the tree."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTS = sorted(Path(__file__).parent.glob("*.toml"))


class TextNotThere(Exception):
    """The guard's text doesn't occur in its file exactly once."""

    def __init__(self, guard: "Guard", times: int) -> None:
        super().__init__(f"{guard.name}: {guard.text!r} occurs {times} times in {guard.file}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One guard of a promise: a text in a file, its replacement, and the tests that then fail."""

    promise: int
    name: str
    file: str
    text: str
    becomes: str
    tests: list[str]

    def taken_from(self, content: str) -> str:
        """Raises: TextNotThere."""
        times = content.count(self.text)
        if times != 1:
            raise TextNotThere(self, times)
        return content.replace(self.text, self.becomes)

    @property
    def is_in_a_migration(self) -> bool:
        return "/migrations/" in self.file

    @property
    def change(self) -> str:
        """Describe the change, in a table cell."""
        old, new = (" ".join(text.split()).replace("|", "\\|") for text in (self.text, self.becomes))
        return f"`{old}` → `{new}`" if new else f"`{old}` removed"


def read() -> list[Guard]:
    """Return all guards, by promise."""
    guards = [Guard(**entry) for path in LISTS for entry in tomllib.loads(path.read_text())["guard"]]
    return sorted(guards, key=lambda guard: guard.promise)
