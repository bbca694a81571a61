"""Stripe's two APIs for accounts, for tests that hold for both."""

import pytest

BOTH_APIS = pytest.mark.parametrize("api", ["v1", "v2"], indirect=True)
CREATE = {"method": "POST", "path": "/v1/accounts|/v2/core/accounts"}
RETRIEVE = {"method": "GET", "path": "/(v1|v2/core)/accounts/.*"}
