"""The locks: what `make lock` writes down for every Python at once."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_python_gets_the_same_version(lock: Path) -> None:
    locked = Counter(re.findall(r"^([a-z0-9][\w.-]*)(?:\[.*\])?==", lock.read_text(), re.MULTILINE))
    assert len(locked) > 10
    assert [name for name, versions in locked.items() if versions > 1] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_packages_come_from_wherever_the_installer_is_told(lock: Path) -> None:
    assert not re.search(r"://|--index|--find-links", lock.read_text())
