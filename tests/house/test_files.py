"""Rules for all files of the project."""

import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_SUBJECT = 70
LAST_LONG_SUBJECT = "a3ee50c"  # this commit and earlier ones are exempt
LOCKS = sorted(ROOT.glob("requirements*.txt"))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("SKIPPED: this is no git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_distribution_has_its_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    pinned = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[^\]]+\])?==", text, re.MULTILINE | re.IGNORECASE)
    assert pinned
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[a-z0-9])", text) if "==" in block)
    assert "http" not in text
    assert "file:" not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_python_gets_the_same_versions(lock: Path) -> None:
    pinned = Counter(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]+\])?==", lock.read_text(), re.MULTILINE))
    assert [name for name, versions in pinned.items() if versions > 1] == []


def test_text_has_no_trailing_white_space_and_ends_with_a_newline() -> None:
    untidy = re.compile(rb"[ \t\r]$|[^\n]\Z|\n\n\Z", re.MULTILINE)
    texts = {path: text for path in tracked() if path.is_file() if b"\0" not in (text := path.read_bytes())}
    assert [path for path, text in texts.items() if untidy.search(text)] == []


def test_the_changelog_has_the_version_and_its_date() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(version)} – \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)


def test_no_file_contains_a_live_key_or_a_private_key() -> None:
    secret = re.compile(rb"(sk|rk)_live_[A-Za-z0-9]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY")
    assert [path for path in tracked() if path.is_file() and secret.search(path.read_bytes())] == []


def test_python_files_stay_small_enough_to_read() -> None:
    too_long = {
        path.relative_to(ROOT): lines
        for path in tracked()
        if path.suffix == ".py" and not any(part.endswith("migrations") for part in path.parts)
        if (lines := len(path.read_text().splitlines())) > 500
    }
    assert too_long == {}


def test_the_guides_calls_use_the_services_port() -> None:
    calls = [line for line in (ROOT / "docs/api.md").read_text().splitlines() if "curl " in line]
    assert calls
    assert not [call for call in calls if "8086" in call]


def test_commit_subjects_fit_on_a_line() -> None:
    listed = subprocess.run(
        ["git", "log", "--format=%s", f"{LAST_LONG_SUBJECT}.."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("SKIPPED: this checkout doesn't have the project's history")
    assert [subject for subject in listed.stdout.splitlines() if len(subject) > LONGEST_SUBJECT] == []
