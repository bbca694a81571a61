"""The first minute on a machine that lacks something: one sentence says what."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("lacks", "sentence"),
    [
        ('*"import sys"*', "Python 3.11 or newer is needed"),
        ('*ensurepip*|*"-m pip"*', "install the package python3-venv"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path, lacks: str, sentence: str) -> None:
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
