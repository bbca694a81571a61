"""The embedded PostgreSQL starts anywhere, keeps committed data and leaves nothing running."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from payouts_project.local import leftovers
from payouts_project.local.errors import LocalError
from payouts_project.local.postgres import THROWAWAY_SETTINGS, Postgres

if TYPE_CHECKING:
    from .conftest import Eventually, RunPython

OLDEST = Path("/usr/lib/postgresql/15/bin")
SERVE = """
import sys, time
from pathlib import Path
from payouts_project.local.postgres import Postgres
print(Postgres(Path(sys.argv[1])).start(), flush=True)
time.sleep(60)
"""
# An ordinary user who can still read the interpreter, which may be in root's home.
AS_NOBODY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
)
# Root in a user namespace with all ids, where no other can be created: like root in most containers.
AS_ROOT_WITHOUT_NAMESPACES = """
import ctypes, os, subprocess, sys
ours, theirs = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    ctypes.CDLL(None).unshare(0x10000000)
    os.write(ours[1], b"x")
    os.read(theirs[0], 1)
    os.setgid(0)
    os.setuid(0)
    open("/proc/sys/user/max_user_namespaces", "w").write("0")
    os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
os.read(ours[0], 1)
for ids in ("uid_map", "gid_map"):
    open(f"/proc/{child}/{ids}", "w").write("0 0 65536")
os.write(theirs[1], b"x")
os.waitpid(child, 0)
"""

pytestmark = pytest.mark.full
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


def postgres(directory: Path) -> Postgres:
    return Postgres(directory / "postgres", settings=THROWAWAY_SETTINGS)


def remember(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE remembered AS SELECT 42 AS answer")


def recall(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT answer FROM remembered").fetchone()
    assert row
    return int(row[0])


def test_committed_data_survives_a_stop_and_the_address_stays(directory: Path) -> None:
    server = postgres(directory)
    url = server.start()
    remember(url)
    server.stop()
    assert server.pid is None
    assert server.start() == url
    assert recall(url) == 42
    server.stop()


def test_committed_data_survives_kill_9(directory: Path) -> None:
    server = postgres(directory)
    remember(server.start())
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    assert recall(server.start()) == 42
    server.stop()


def test_it_ends_with_the_process_that_started_it(
    directory: Path, run_python: "RunPython", eventually: "Eventually"
) -> None:
    owner = run_python(SERVE, directory / "postgres")
    assert owner.stdout
    url = owner.stdout.readline().strip()
    owner.kill()
    assert eventually(lambda: not list(leftovers.running(directory)))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_a_start_replaces_a_server_that_is_still_running(directory: Path, run_python: "RunPython") -> None:
    owner = run_python(SERVE, directory / "postgres")
    assert owner.stdout
    remember(owner.stdout.readline().strip())
    server = postgres(directory)
    assert recall(server.start()) == 42
    server.stop()


def test_a_lock_file_with_another_programs_pid_does_not_stop_it(directory: Path) -> None:
    server = postgres(directory)
    server.start()
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    lock = directory / "postgres" / "data" / "postmaster.pid"
    _, rest = lock.read_text(encoding="utf-8").split("\n", 1)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lock.write_text(f"{stranger.pid}\n{rest}", encoding="utf-8")
        server.start()
        server.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_killed_initdb_leaves_nothing_that_looks_like_a_database(directory: Path) -> None:
    unfinished = directory / "postgres" / "initdb-killed"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18", encoding="utf-8")
    server = postgres(directory)
    server.start()
    server.stop()
    assert not unfinished.exists()


def test_it_changes_its_port_if_another_program_uses_it(directory: Path) -> None:
    first, second = postgres(directory / "one"), postgres(directory / "two")
    url = first.start()
    (directory / "two" / "postgres").mkdir(parents=True)
    shutil.copy(directory / "one" / "postgres" / "port", directory / "two" / "postgres" / "port")
    assert second.start() != url
    remember(url)
    first.stop()
    second.stop()


def test_it_requires_a_password(directory: Path) -> None:
    server = postgres(directory)
    url = server.start()
    password = (directory / "postgres" / "password").read_text(encoding="ascii")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.replace(password, "guess"))
    server.stop()
    assert (directory / "postgres").stat().st_mode & 0o777 == 0o700
    assert (directory / "postgres" / "password").stat().st_mode & 0o777 == 0o600


def test_the_reason_why_it_does_not_start_is_reported(directory: Path) -> None:
    server = Postgres(directory / "postgres", settings={"shared_buffers": "nonsense"})
    with pytest.raises(LocalError, match="shared_buffers"):
        server.start()


@as_root
def test_an_ordinary_user_can_run_it(directory: Path, run_python: "RunPython") -> None:
    directory.chmod(0o777)
    owner = run_python(SERVE, directory / "postgres", prefix=AS_NOBODY)
    assert owner.stdout
    remember(owner.stdout.readline().strip())
    assert (directory / "postgres" / "data").stat().st_uid == 65534


@as_root
def test_root_can_run_it_with_and_without_namespaces(directory: Path, run_python: "RunPython") -> None:
    owner = run_python(AS_ROOT_WITHOUT_NAMESPACES, SERVE, directory / "postgres")
    assert owner.stdout
    remember(owner.stdout.readline().strip())
    assert (directory / "postgres" / "data").stat().st_uid == 65534
    server = postgres(directory)
    assert recall(server.start()) == 42
    server.stop()


@pytest.mark.skipif(not OLDEST.exists(), reason="PostgreSQL 15 is not installed")
def test_the_oldest_supported_version_can_be_used_instead(directory: Path) -> None:
    server = Postgres(directory / "postgres", bin_dir=OLDEST, settings=THROWAWAY_SETTINGS)
    with psycopg.connect(server.start()) as connection:
        assert connection.info.server_version // 10_000 == 15
        order = connection.execute(
            "SELECT array_agg(x ORDER BY x), upper('é') FROM unnest('{b,a,B}'::text[]) x"
        )
        assert order.fetchone() == (["B", "a", "b"], "É")
    server.stop()
