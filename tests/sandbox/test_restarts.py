"""What survives: a restart, a kill, and a second process that should not be."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import stripe

from sandbox.config import Config
from sandbox.server import SandboxServer
from sandbox.store import Store

Connect = Callable[[str], stripe.StripeClient]

# The command with no more of a Django project than it needs.
MANAGE = """
import sys
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["sandbox"],
    PLATFORM_COUNTRY="US",
    STRIPE_SECRET_KEY="sk_test_sandbox",
    STRIPE_WEBHOOK_SECRETS=["whsec_platform"],
    STRIPE_CONNECT_WEBHOOK_SECRETS=["whsec_connect"],
    STRIPE_THIN_WEBHOOK_SECRETS=["whsec_thin"],
)
import django
django.setup()
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `manage.py sandbox` on the same folder, and answer its process and its address."""
    processes = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                MANAGE,
                "sandbox",
                "--port",
                "0",
                "--state",
                str(tmp_path / "stripe"),
                *options,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip().removeprefix("Stripe sandbox on ")

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def open_and_fund(client: stripe.StripeClient) -> str:
    client.raw_request("post", "/_sandbox/fund", amount=1000_00, currency="usd")
    account = client.v1.accounts.create(
        {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    )
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/complete")
    return account.id


def test_a_kill_loses_no_answered_request(start: Start, connect: Connect) -> None:
    process, url = start()
    client = connect(url)
    account = open_and_fund(client)
    params: stripe.params.TransferCreateParams = {"amount": 1_00, "currency": "usd", "destination": account}
    sent = [client.v1.transfers.create(params, {"idempotency_key": str(each)}).id for each in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    _, url = start()
    client = connect(url)
    assert [each.id for each in client.v1.transfers.list({"limit": 100}).data] == sent[::-1]
    assert client.v1.balance.retrieve().available[0].amount == 950_00
    assert client.v1.transfers.create(params, {"idempotency_key": "0"}).id == sent[0]
    assert (
        client.v1.events.list({"type": "transfer.created", "limit": 100}).data[0].data.object["id"]
        == sent[-1]
    )


def test_sigterm_ends_it_cleanly(start: Start) -> None:
    process, _ = start()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


@pytest.mark.full
def test_a_bank_payout_under_way_arrives_after_a_kill(start: Start, connect: Connect) -> None:
    process, url = start("--payout-seconds", "0.5")
    client = connect(url)
    account = open_and_fund(client)
    options: stripe.RequestOptions = {"stripe_account": account}
    client.v1.transfers.create({"amount": 5_00, "currency": "usd", "destination": account})
    payout = client.v1.payouts.create({"amount": 5_00, "currency": "usd"}, options)
    process.kill()
    process.wait()
    time.sleep(0.5)

    client = connect(start()[1])
    assert client.v1.payouts.retrieve(payout.id, {}, options).status == "paid"


def test_the_platform_stays_the_same(config: Config) -> None:
    with SandboxServer(config) as first:
        platform = first.platform
    with SandboxServer(config) as second:
        assert second.platform == platform


def test_two_sandboxes_cannot_share_a_folder(server: SandboxServer, config: Config) -> None:
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        SandboxServer(config)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])  # noqa: S104 - to see it refused
def test_it_listens_on_loopback_only(config: Config, host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        SandboxServer(config, host=host)


def test_a_file_of_an_older_version_is_upgraded(config: Config) -> None:
    config.state.mkdir()
    with closing(sqlite3.connect(config.state / "stripe.sqlite3")) as old:
        old.executescript("""
            create table meta (name text primary key, value text not null) strict;
            create table deliveries (
                event_id text primary key,
                created_at real not null,
                due_at real,
                attempts integer not null default 0,
                last_status integer,
                delivered_at real
            ) strict;
            create index deliveries_due on deliveries (due_at) where due_at is not null;
            create table idempotency_keys (
                account text not null,
                key text not null,
                created_at real not null,
                request_id text not null,
                path text not null,
                fingerprint text not null,
                status integer not null,
                body text not null,
                primary key (account, key)
            ) strict;
            create index idempotency_keys_oldest on idempotency_keys (created_at);
            create table links (
                token text primary key,
                page text not null,
                account text not null,
                expires_at integer not null,
                refresh_url text not null,
                return_url text not null,
                session text unique
            ) strict;
            insert into idempotency_keys values ('acct_1', 'one', 1, 'req_1', '/v1/transfers', '', 200, '{}');
            insert into deliveries values ('evt_1', 1, null, 1, 200, 2), ('evt_2', 3, 4, 0, null, null);
        """)
    for _ in range(2):
        store = Store(config.state)
        with store.transaction() as tx:
            rows = tx.execute("select event_id, created_at, due_at, delivered_at from deliveries order by id")
            keys = tx.execute("select api, key from idempotency_keys")
        store.close()
        assert [tuple(row) for row in rows] == [("evt_1", 1, None, 2), ("evt_2", 3, 4, None)]
        assert [tuple(row) for row in keys] == [("v1", "one")]
