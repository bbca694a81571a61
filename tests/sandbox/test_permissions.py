"""A restricted key is refused what it has no permission for, and told which one it needs."""

from dataclasses import replace
from pathlib import Path

import pytest
import stripe

from sandbox.config import Config
from sandbox.server import SandboxServer


def withdraw(client: stripe.StripeClient, *missing: str) -> None:
    client.raw_request("post", "/_sandbox/permissions", missing=list(missing))


def test_a_key_without_a_permission_is_told_which_one(client: stripe.StripeClient) -> None:
    withdraw(client, "rak_accounts_kyc_basic_read")
    with pytest.raises(stripe.PermissionError, match="Having the 'rak_accounts_kyc_basic_read' permission"):
        client.raw_request("get", "/v1/account")
    assert client.v1.balance.retrieve().object == "balance"
    withdraw(client)
    assert client.raw_request("get", "/v1/account").data["id"].startswith("acct_")


def test_a_key_without_connect_permissions_does_nothing_on_connected_accounts(
    client: stripe.StripeClient, account: str
) -> None:
    withdraw(client, "connect")
    assert client.v1.balance.retrieve().object == "balance"
    with pytest.raises(stripe.PermissionError, match="does not have any Connect permissions"):
        client.v1.balance.retrieve(options={"stripe_account": account})


def test_each_sandbox_is_an_account_of_its_own(config: Config, tmp_path: Path) -> None:
    with SandboxServer(config) as one:
        pass
    with SandboxServer(config) as restarted:
        assert restarted.platform == one.platform
    with SandboxServer(replace(config, state=tmp_path / "other")) as other:
        assert other.platform != one.platform
