"""The image and the compose file, as far as they can be checked without a container engine."""

import importlib.util
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from payouts_project.local import stack

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
# Set only by local mode.
LOCAL_ONLY = {"LOCAL_MODE", "STRIPE_API_BASE"}
USABLE_CONNECTIONS = 100 - 3  # PostgreSQL's own max_connections, less superuser_reserved_connections
FOR_COMMANDS = 20  # manage.py, psql, backups: onboard_creators alone takes nine


def instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in joined.splitlines() if line.startswith(f"{name} ")]


def commands() -> dict[str, list[str]]:
    image = [str(word) for word in yaml.safe_load(instructions("CMD")[0])]
    return {name: service.get("command", image) for name, service in OURS.items()}


def options(command: list[str], name: str) -> list[str]:
    return [value for option, value in pairwise(command) if option == name]


def documented() -> set[str]:
    return set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", EXAMPLE, re.MULTILINE))


def test_the_compose_file_runs_every_part() -> None:
    assert set(SERVICES) == {
        *("postgres", "redis", "migrate", "web", "worker-payouts", "worker-default", "beat"),
    }


@pytest.mark.parametrize(("name", "command"), commands().items())
def test_every_command_exists(name: str, command: list[str]) -> None:
    program = command[0]
    if program == "python":
        assert (ROOT / command[1]).is_file()
    else:
        assert importlib.util.find_spec(program), f"{name}: {program} is not installed"
        assert re.search(
            rf"^{program}==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE
        )
    for module in [word.split(":")[0] for word in command if word.startswith("payouts_project")]:
        assert importlib.util.find_spec(module)


def test_every_queue_has_a_worker() -> None:
    consumed = {
        queue
        for command in commands().values()
        for queues in options(command, "--queues")
        for queue in queues.split(",")
    }
    assert consumed == {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}


def test_there_is_one_beat() -> None:
    assert [name for name, command in commands().items() if "beat" in command] == ["beat"]


def test_the_web_listens_on_its_published_and_checked_port() -> None:
    (port,) = options(commands()["web"], "--port")
    assert SERVICES["web"]["ports"][0].endswith(f":{port}")
    assert f":{port}/health" in shlex.join(SERVICES["web"]["healthcheck"]["test"])
    assert f"EXPOSE {port}" in DOCKERFILE


def connections() -> int:
    """Count the PostgreSQL connections that the service needs when all of its threads are busy."""
    image = dict(word.split("=", 1) for line in instructions("ENV") for word in shlex.split(line))
    web = int(image["GRANIAN_WORKERS"]) * int(image["GRANIAN_BLOCKING_THREADS"])
    threads = [int(count) for command in commands().values() for count in options(command, "--concurrency")]
    assert len(threads) == len([name for name in OURS if name.startswith("worker")])
    others = [name for name in OURS if not name.startswith(("web", "worker"))]
    assert set(others) == {"migrate", "beat"}  # one each
    return web + sum(threads) + len(others)


def test_a_standard_installation_fits_into_postgres_defaults() -> None:
    assert not any("max_connections" in str(word) for word in SERVICES["postgres"].get("command", []))
    assert connections() <= USABLE_CONNECTIONS - FOR_COMMANDS


def test_local_mode_needs_no_more_connections_than_the_image() -> None:
    web = int(stack.WEB["GRANIAN_WORKERS"]) * int(stack.WEB["GRANIAN_BLOCKING_THREADS"])
    assert web + sum(threads for _, threads in stack.WORKERS.values()) + 2 == connections()
    assert "max_connections" not in (ROOT / "payouts_project" / "local" / "postgres.py").read_text()


def test_every_documented_start_of_the_web_limits_its_threads() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    lines = [line for file in documents for line in file.read_text(encoding="utf-8").splitlines()]
    started = [line for line in lines if "payouts_project.wsgi:application" in line]
    assert started
    assert all("GRANIAN_BLOCKING_THREADS=" in line for line in started)


def test_the_documented_sum_of_connections_is_the_real_one() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"| all together | | {connections()} |" in page


def test_the_web_behind_a_proxy_trusts_its_forwarded_address() -> None:
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == "${TRUSTED_PROXIES:-1}"
    assert "DATABASE_URL" in SERVICES["web"]["environment"]


def test_nothing_starts_before_its_dependencies() -> None:
    for name in set(OURS) - {"migrate"}:
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert SERVICES[name]["depends_on"]["redis"]["condition"] == "service_healthy"
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert SERVICES["migrate"]["restart"] == "no"
    assert {"postgres", "redis"} <= {name for name, service in SERVICES.items() if "healthcheck" in service}


def test_data_outlives_its_container() -> None:
    mounted = {volume.split(":")[0] for name in ("postgres", "redis") for volume in SERVICES[name]["volumes"]}
    assert mounted == set(COMPOSE["volumes"])


def test_no_file_contains_a_secret() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name:
                assert value.startswith("${")
    assert not re.search(r"(?:sk|rk)_(?:live|test)_\w{8}|whsec_\w{8}", EXAMPLE + DOCKERFILE)
    assert all(value == "" for value in re.findall(r"^[A-Z_]+=(.*)$", EXAMPLE, re.MULTILINE))


def test_every_variable_of_the_compose_file_is_documented() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert used
    assert used <= documented()


def test_every_variable_that_the_settings_read_is_documented() -> None:
    source = (ROOT / "payouts_project" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'(?:configuration|env)\.\w+\(\s*"([A-Z_]+)"', source))
    assert "DATABASE_URL" in read
    assert read - LOCAL_ONLY <= documented()


def test_the_image_runs_as_an_ordinary_user() -> None:
    assert instructions("USER") == ["payouts"]
    assert DOCKERFILE.index("\nUSER ") < DOCKERFILE.index("\nCMD ")


def test_the_image_contains_only_locked_packages() -> None:
    (install,) = [line for line in instructions("RUN") if "pip install" in line]
    assert "--require-hashes" in install
    assert shlex.split(install)[-1] == "requirements.txt"


def test_the_image_contains_no_secrets_tests_or_sandbox() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".*", "tests", "platform/sandbox", "payouts_project/local"} <= set(ignored)
