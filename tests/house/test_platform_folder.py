"""The folder `platform/` is never mistaken for Python's own module."""

import importlib.metadata
import platform
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent.name for path in (ROOT / "platform").glob("*/__init__.py"))
TOP_LEVEL = {*PACKAGES, "accounts", "earnings", "payouts", "payouts_project"}


def test_the_platform_module_is_pythons_own() -> None:
    assert platform.__file__ is not None
    assert Path(platform.__file__).parent == Path(sysconfig.get_path("stdlib"))


def test_the_platform_folder_is_not_a_package() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_python_started_in_the_clone_still_has_its_own_platform_module() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", "import platform, uuid; print(platform.system())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == platform.system()


def test_none_of_our_packages_has_a_name_of_the_standard_library() -> None:
    assert PACKAGES
    assert not set(PACKAGES) & set(sys.stdlib_module_names)


def test_no_locked_distribution_contains_one_of_our_names() -> None:
    locked = {
        re.sub(r"[-_.]+", "-", line.split("==")[0]).lower()
        for name in ("requirements.txt", "requirements-dev.txt", "requirements-local.txt")
        for line in (ROOT / name).read_text().splitlines()
        if re.match(r"[a-z0-9]", line, re.IGNORECASE)
    }
    assert "django" in locked
    clashes = {
        module: suppliers
        for module, suppliers in importlib.metadata.packages_distributions().items()
        if module in TOP_LEVEL and {re.sub(r"[-_.]+", "-", name).lower() for name in suppliers} & locked
    }
    assert clashes == {}
