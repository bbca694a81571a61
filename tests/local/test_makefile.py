"""make works on any machine and in any shell."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.local import hostile

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("lacks", "sentence"),
    [
        ('*"import sys"*', "Python 3.11 or newer is needed"),
        ('*ensurepip*|*"-m pip"*', "install the package python3-venv"),
    ],
)
def test_a_missing_requirement_is_reported_in_one_sentence(tmp_path: Path, lacks: str, sentence: str) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-local.txt"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncase "$*" in {lacks}) exit 1;; esac\n', encoding="utf-8")
    python.chmod(0o755)
    made = subprocess.run(
        ["make", "up", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert made.returncode != 0
    assert sentence in made.stderr
    assert "Traceback" not in made.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("on_a_terminal", [True, False])
def test_an_install_announces_its_duration_and_shows_progress_only_on_a_terminal(
    tmp_path: Path, on_a_terminal: bool
) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-local.txt"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n', encoding="utf-8")
    python.chmod(0o755)
    ours, theirs = os.openpty()
    with os.fdopen(ours), os.fdopen(theirs, "wb") as terminal:
        made = subprocess.run(
            ["make", ".venv/.runtime"],
            cwd=tmp_path,
            stdout=terminal if on_a_terminal else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
    assert "MB to download" in made.stderr
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert [("--quiet" in line) for line in calls] == [not on_a_terminal] * 2


def recipes_environment(folder: Path, outside: dict[str, str]) -> dict[str, str]:
    """Return the part of an environment that make passes to its recipes."""
    (folder / "show.mk").write_text(f"include {ROOT}/Makefile\nshow:\n\t@env\n", encoding="utf-8")
    shown = subprocess.run(
        ["make", "-f", "show.mk", "show"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]} | outside,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in shown.stdout.splitlines())


def test_recipes_do_not_see_variables_for_the_tools(tmp_path: Path) -> None:
    visible = recipes_environment(tmp_path, hostile.OF_THE_TOOLS)
    assert not visible.keys() & hostile.OF_THE_TOOLS.keys()


def test_pip_keeps_the_machines_package_sources(tmp_path: Path) -> None:
    meant = {
        "PIP_INDEX_URL": "https://packages.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://more.example/simple",
        "PIP_TRUSTED_HOST": "packages.example",
        "PIP_CERT": "/etc/ca.pem",
        "PIP_PROXY": "http://proxy.example",
        "PIP_CONFIG_FILE": "/etc/pip.conf",
        "HTTPS_PROXY": "http://proxy.example",
        "SSL_CERT_FILE": "/etc/ca.pem",
    }
    assert meant.items() <= recipes_environment(tmp_path, meant).items()


@pytest.mark.parametrize("name", ["ARGS", "NAME", "SEED", "SEEDS", "CREATORS", "BIN", "PIP_KEPT"])
def test_makes_own_variables_do_not_come_from_the_shell(tmp_path: Path, name: str) -> None:
    (tmp_path / "show.mk").write_text(
        f"include {ROOT}/Makefile\nshow:\n\t@echo '$({name})'\n", encoding="utf-8"
    )
    shown = subprocess.run(
        ["make", "-f", "show.mk", "show"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], name: "the-shells"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the-shells" not in shown.stdout
