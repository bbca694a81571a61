"""Which variables our programs see, and where local mode stores its own."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from payouts_project.local import environment
from tests.local import hostile

ROOT = Path(__file__).parents[2]


MACHINE = {"PATH": "/bin", "PORT": "9000", "HOME": "/", "LD_LIBRARY_PATH": "/opt/python/lib"}


@pytest.mark.parametrize("name", hostile.EVERYTHING)
def test_the_demo_and_the_tests_see_no_foreign_variables(name: str) -> None:
    visible = environment.for_demo_and_tests(MACHINE | {name: hostile.EVERYTHING[name]})
    assert visible == MACHINE | environment.OWN_CODE


@pytest.mark.parametrize("name", hostile.OF_THE_TOOLS | hostile.OF_THE_PROGRAMS)
def test_local_mode_sees_only_the_services_variables(name: str) -> None:
    visible = environment.for_service(MACHINE | {name: hostile.EVERYTHING[name], "PAYOUT_DAY": "3"})
    assert visible == MACHINE | environment.OWN_CODE | {"PAYOUT_DAY": "3"}


def test_local_mode_fetches_keys_through_a_proxy_and_reaches_itself_without() -> None:
    outside = {"HTTPS_PROXY": "http://proxy.example", "no_proxy": "intranet.example"}
    visible = environment.for_service(outside | {"JWT_JWKS_URL": "https://id.example/keys"})
    assert visible["HTTPS_PROXY"] == "http://proxy.example"
    assert visible["NO_PROXY"] == visible["no_proxy"] == "intranet.example,localhost,127.0.0.1,::1"


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_FILE"])
def test_with_your_own_database_all_variables_count(name: str) -> None:
    outside = {name: "own", "PGSSLROOTCERT": "/etc/ca.pem", "HTTPS_PROXY": "http://proxy.example"}
    assert environment.for_service(outside) == outside


@pytest.mark.full
def test_manage_py_works_in_any_shell() -> None:
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--database", "default"],
        cwd=ROOT,
        env=os.environ | hostile.OF_THE_PROGRAMS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_web_and_workers_have_one_settings_file() -> None:
    source = "import payouts_project; from django.conf import settings; print(settings.SETTINGS_MODULE)"
    shown = subprocess.run(
        [sys.executable, "-c", source],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "nowhere.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.stdout == "payouts_project.settings\n", shown.stderr


def test_local_mode_knows_every_variable_that_the_settings_read() -> None:
    read = _variables_read_by(ROOT / "payouts_project" / "settings.py")
    assert "DATABASE_URL" in read
    assert {name for name in read if not environment.is_service_variable(name)} <= {"PORT"}


def test_only_its_owner_can_read_the_env_file(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("OLD=1\n", encoding="utf-8")
    path.chmod(0o644)
    environment.write_env_file(path, {"SECRET_KEY": "a=b c"})
    assert path.stat().st_mode & 0o777 == 0o600
    assert environment.read_env_file(path) == {"SECRET_KEY": "a=b c"}


def test_exports_survive_the_shell() -> None:
    value = 'it\'s $HOME "and" `more`'
    script = environment.as_exports({"SECRET_KEY": value}) + 'printf %s "$SECRET_KEY"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == value


def test_each_clone_has_its_own_secrets() -> None:
    first, second = environment.new_secrets(), environment.new_secrets()
    assert all(first[name] != second[name] for name in first)
    secrets = [first[f"STRIPE_{kind}WEBHOOK_SECRET"] for kind in ("", "CONNECT_", "THIN_")]
    assert len(set(secrets)) == 3
    assert len(first["JWT_SECRET"].encode()) >= 32


def _variables_read_by(path: Path) -> set[str]:
    """Return the first argument of every call if it looks like a variable's name."""
    calls = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    first = [node.args[0].value for node in calls if node.args and isinstance(node.args[0], ast.Constant)]
    return {name for name in first if isinstance(name, str) and name.isupper()}
