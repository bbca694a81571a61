"""What a clone runs: a server is embedded only if its URL isn't set."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings

from payouts_project.local import environment, stack
from payouts_project.local.errors import LocalError, PortTaken
from payouts_project.local.ports import free_port
from payouts_project.local.stack import Clone, Stack

OWN = {
    "DATABASE_URL": "postgresql://db.example/payouts",
    "STRIPE_SECRET_KEY": "sk_test_own",
    "STRIPE_WEBHOOK_SECRET": "whsec_own",
    "SECRET_KEY": "own",
    "JWT_JWKS_URL": "https://id.example/jwks",
}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    found = Clone(tmp_path)
    found.logs.mkdir(parents=True)
    return found


@pytest.fixture
def port() -> str:
    """A port that is very likely free."""
    return str(free_port())


def names(prepared: Stack) -> list[str]:
    return [program.name for program in [*prepared.servers, *prepared.service]]


def test_without_any_variables_everything_is_embedded(clone: Clone, port: str) -> None:
    prepared = stack.prepare(clone, {"PORT": port})
    assert names(prepared) == [
        "postgres",
        "valkey",
        "sandbox",
        "web",
        "worker-payouts",
        "worker-default",
        "beat",
    ]
    variables = environment.read_env_file(clone.env_file)
    assert variables["LOCAL_MODE"] == "1"
    assert variables["PUBLIC_URL"] == f"http://localhost:{port}"
    assert clone.env_file.stat().st_mode & 0o777 == 0o600
    assert prepared.migration.environment["DATABASE_URL"] == variables["DATABASE_URL"]


def test_your_own_portal_replaces_the_sandboxs(clone: Clone, port: str) -> None:
    stack.prepare(clone, {"PORT": port})
    variables = environment.read_env_file(clone.env_file)
    assert variables["CREATOR_PORTAL_URL"] == f"{variables['STRIPE_API_BASE']}/portal"
    own = {"PORT": port, "CREATOR_PORTAL_URL": "http://localhost:3000"}
    web = next(program for program in stack.prepare(clone, own).service if program.name == "web")
    assert web.environment["CREATOR_PORTAL_URL"] == "http://localhost:3000"


def test_secrets_and_addresses_stay_the_same_at_each_start(clone: Clone, port: str) -> None:
    stack.prepare(clone, {"PORT": port})
    first = environment.read_env_file(clone.env_file)
    stack.prepare(clone, {"PORT": port})
    assert environment.read_env_file(clone.env_file) == first


def test_with_an_embedded_database_a_stripe_key_is_never_a_real_one(clone: Clone, port: str) -> None:
    outside = {"PORT": port, "STRIPE_SECRET_KEY": "sk_live_real", "STRIPE_API_BASE": "https://stripe.example"}
    prepared = stack.prepare(clone, outside)
    assert all(program.environment["STRIPE_SECRET_KEY"] != "sk_live_real" for program in prepared.service)
    assert all("127.0.0.1" in program.environment["STRIPE_API_BASE"] for program in prepared.service)


def test_with_your_own_redis_only_the_database_is_embedded(clone: Clone, port: str) -> None:
    prepared = stack.prepare(clone, {"PORT": port, "REDIS_URL": "redis://own.example"})
    assert "valkey" not in names(prepared)
    assert "postgres" in names(prepared)
    assert prepared.migration.environment["REDIS_URL"] == "redis://own.example"


def test_with_your_own_database_there_is_no_sandbox(clone: Clone, port: str) -> None:
    prepared = stack.prepare(clone, {**OWN, "PORT": port})
    assert names(prepared) == ["valkey", "web", "worker-payouts", "worker-default", "beat"]
    variables = environment.read_env_file(clone.env_file)
    assert set(variables) == {"PORT", "REDIS_URL", *stack.WEB}
    assert prepared.migration.environment["STRIPE_SECRET_KEY"] == "sk_test_own"


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "SECRET_KEY", "JWT_JWKS_URL"])
def test_your_own_database_needs_your_own_secrets(clone: Clone, name: str) -> None:
    with pytest.raises(LocalError, match=name):
        stack.prepare(clone, {**OWN, name: ""})


@pytest.mark.parametrize("instead", [{"JWT_SECRET": "own"}, {"JWT_SECRET_FILE": "/run/secrets/jwt"}])
def test_a_secret_can_be_set_in_each_documented_way(instead: Mapping[str, str]) -> None:
    stack.refuse_incomplete({**OWN, "JWT_JWKS_URL": "", **instead})


@pytest.mark.full
def test_a_taken_port_is_named(clone: Clone) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} is used"):
            stack.prepare(clone, {"PORT": str(port)})


@pytest.mark.parametrize("value", ["", "web", "0", "65536", "-1"])
def test_an_invalid_port_is_refused(clone: Clone, value: str) -> None:
    with pytest.raises(LocalError, match="PORT"):
        stack.prepare(clone, {"PORT": value})


def test_every_queue_has_a_worker() -> None:
    consumed = {queue for queues, _ in stack.WORKERS.values() for queue in queues.split(",")}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert consumed >= routed | {settings.CELERY_TASK_DEFAULT_QUEUE}


def test_the_users_environment_is_passed_on(clone: Clone, port: str) -> None:
    prepared = stack.prepare(clone, {**os.environ, "PORT": port, "PAYOUT_DAY": "3"})
    assert all(program.environment["PAYOUT_DAY"] == "3" for program in prepared.service)


@pytest.mark.parametrize("name", ["REDIS_URL", "CELERY_BROKER_URL"])
def test_an_unreachable_broker_is_named_by_its_variable(clone: Clone, port: str, name: str) -> None:
    prepared = stack.prepare(clone, {"PORT": port, name: "redis://127.0.0.1:9/0"})
    obstacle = next(program.obstacle() for program in prepared.service if program.name == "worker-payouts")
    assert f"the broker that {name} names can't be reached" in obstacle
