"""The service's variables: which they are, where they are kept, who may see them."""

import ast
import subprocess
from pathlib import Path

import pytest

from payouts_project.local import environment

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "BILLING_DATABASE_URL_FILE",
        "REDIS_URL_FILE",
        "CELERY_BROKER_URL",
        "STRIPE_SECRET_KEY",
        "JWT_JWKS_URL",
        "SECRET_KEY_FILE",
    ],
)
def test_the_demo_and_the_tests_do_not_see_the_services_variables(name: str) -> None:
    outside = {"PATH": "/bin", "PORT": "9000", "HOME": "/", name: "real"}
    assert environment.without_service_variables(outside) == {"PATH": "/bin", "PORT": "9000", "HOME": "/"}


def test_every_variable_that_the_settings_read_is_known_here() -> None:
    read = _variables_read_by(ROOT / "payouts_project" / "settings.py")
    assert "DATABASE_URL" in read
    assert {name for name in read if not environment.is_service_variable(name)} <= {"PORT"}


def test_the_env_file_is_for_its_owner_only(tmp_path: Path) -> None:
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


def test_secrets_differ_from_clone_to_clone() -> None:
    first, second = environment.new_secrets(), environment.new_secrets()
    assert all(first[name] != second[name] for name in first)
    assert len(first["STRIPE_WEBHOOK_SECRET"].split(",")) == 2
    assert len(first["JWT_SECRET"].encode()) >= 32


def _variables_read_by(path: Path) -> set[str]:
    """Return the first argument of every call that is spelled like a variable."""
    calls = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    first = [node.args[0].value for node in calls if node.args and isinstance(node.args[0], ast.Constant)]
    return {name for name in first if isinstance(name, str) and name.isupper()}
