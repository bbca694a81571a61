"""A test session has its own servers, which end with it, however it ends."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from payouts_project.local import leftovers
from payouts_project.local.errors import LocalError
from payouts_project.local.testing import throwaway_environment, throwaway_servers
from tests.local import hostile

if TYPE_CHECKING:
    from .conftest import Eventually, RunPython

ROOT = Path(__file__).parents[2]
# Like the Makefile's targets: a program that needs settings and a database, and tests that need a sandbox.
TRY = f"""
include {ROOT}/Makefile
try:
	@$(LOCAL) throwaway $(BIN)/python manage.py check --database default
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/sandbox/test_clock.py
"""
HOLD = """
import sys, time
from payouts_project.local.testing import throwaway_servers
with throwaway_servers() as servers:
    print(servers.database_url, servers.redis_url, flush=True)
    time.sleep(60)
"""


@pytest.mark.full
def test_servers_and_their_folder_are_gone_after_the_session_is_killed(
    tmp_path: Path, run_python: "RunPython", eventually: "Eventually"
) -> None:
    session = run_python(HOLD, prefix=("env", f"TMPDIR={tmp_path}"))
    assert session.stdout
    database_url, redis_url = session.stdout.readline().split()
    psycopg.connect(database_url).close()
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
    assert len(list(leftovers.running(tmp_path))) == 2
    session.kill()
    assert eventually(lambda: not list(tmp_path.iterdir()))
    assert not list(leftovers.running(tmp_path))


def test_a_session_sees_only_its_own_servers() -> None:
    outside = dict(os.environ)
    with throwaway_environment():
        assert os.environ["DATABASE_URL"] != outside["DATABASE_URL"]
        assert os.environ["STRIPE_SECRET_KEY"] != outside["STRIPE_SECRET_KEY"]
        assert os.environ["STRIPE_API_BASE"].startswith("http://127.0.0.1:")
        assert os.environ["PATH"] == outside["PATH"]
    assert dict(os.environ) == outside


@pytest.mark.full
def test_a_program_gets_throwaway_servers_instead_of_the_real_ones() -> None:
    shown = subprocess.run(
        [
            *(sys.executable, "-m", "payouts_project.local", "throwaway"),
            *("sh", "-c", 'echo "$DATABASE_URL $STRIPE_LIVE_THING $TMPDIR"; exit 3'),
        ],
        env={
            **os.environ,
            "DATABASE_URL": "postgresql://real",
            "STRIPE_LIVE_THING": "real",
            "TMPDIR": tempfile.gettempdir(),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "127.0.0.1" in shown.stdout
    assert "real" not in shown.stdout
    assert tempfile.gettempdir() in shown.stdout
    assert shown.returncode == 3


@pytest.mark.full
def test_throwaway_servers_start_in_any_shell(tmp_path: Path) -> None:
    (tmp_path / "try.mk").write_text(TRY, encoding="utf-8")
    tried = subprocess.run(
        ["make", "-f", str(tmp_path / "try.mk"), f"BIN={Path(sys.executable).parent}", "try"],
        cwd=ROOT,
        env=os.environ | hostile.EVERYTHING,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "System check identified no issues" in tried.stdout
    assert " passed" in tried.stdout


def test_an_invalid_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_POSTGRES_BIN", hostile.NOWHERE)
    with pytest.raises(LocalError, match="TEST_POSTGRES_BIN"), throwaway_servers():
        pass
