"""Where creators can be paid, and under which service agreement."""

import pytest
from pytest_django import Settings

from accounts import reach

EEA = ("AT", "BG", "DE", "FR", "HR", "IS", "LI", "NO", "PT", "SE")
REGION = ("US", "CA", "GB", "CH", *EEA)
# Source: https://docs.stripe.com/connect/cross-border-payouts and the refusals that platforms report.
TABLE = [
    *((platform, platform, "full") for platform in ("US", "GB", "DE", "AU", "JP", "SG", "HK", "IN", "NZ")),
    *(("US", creator, "full") for creator in REGION),
    *((platform, creator, "full") for platform in ("GB", "CH", "CA", "CZ") for creator in REGION),
    *((platform, "BR", "no") for platform in ("US", "GB", "AU", "BR")),
    *(("US", creator, "no") for creator in ("MY", "TW", "AE", "TH", "SG", "AU", "JP")),
    *(("CZ", creator, "no") for creator in ("SA", "SG", "AU")),
    *((platform, creator, "no") for platform in ("US", "DE", "AU", "JP", "SG") for creator in ("CN", "KH")),
    ("AU", "US", "no"),
    ("JP", "US", "no"),
    ("SG", "MY", "no"),
    ("IN", "US", "no"),
]


@pytest.mark.parametrize(("platform", "creator", "agreement"), TABLE)
def test_the_table_says_who_can_be_paid_and_how(platform: str, creator: str, agreement: str) -> None:
    assert reach.in_table(platform, creator) == agreement


@pytest.mark.parametrize(
    ("creator", "agreement"),
    [("MY", "recipient"), ("TW", "full"), ("DE", None), ("FR", "full"), ("TH", None)],
)
def test_the_setting_goes_before_the_table(settings: Settings, creator: str, agreement: str | None) -> None:
    settings.STRIPE_COUNTRIES = {"MY": "recipient", "TW": "full", "DE": "no"}
    assert reach.agreement_for(creator) == agreement
