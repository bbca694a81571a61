"""The API conforms to its document, for each kind of caller, whatever is sent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from accounts.principals import ADMIN, BILLING_SCOPE, CREATOR, Principal
from tests.api import token_of
from tests.payouts.market import Market
from tests.running import RunningService

HERE = Path(__file__).parent
CALLERS = {
    "creator": Principal(subject="alice", role=CREATOR, email="alice@example.com"),
    "admin": Principal(subject="dana", role=ADMIN),
    "service": Principal(subject="billing", role="service", scopes=frozenset([BILLING_SCOPE])),
}


@pytest.mark.full
@pytest.mark.parametrize("who", CALLERS)
def test_schemathesis_finds_nothing(
    who: str, market: Market, service: RunningService, tmp_path: Path
) -> None:
    found = subprocess.run(
        [
            str(Path(sys.executable).with_name("st")),
            *(
                "--config-file",
                str(HERE / "schemathesis.toml"),
                "run",
                f"http://{service.address}/api/schema",
            ),
            *("--header", f"Authorization: Bearer {token_of(CALLERS[who])}"),
            *("--checks", "all", "--max-examples", "25", "--seed", "1", "--no-color"),
        ],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.contract.hooks", "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2_000:]
