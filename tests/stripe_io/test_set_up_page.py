"""docs/stripe.md names the events and the API version that the service needs."""

import re
from pathlib import Path

import pytest
import stripe

from stripe_io.checking.webhooks import ACCOUNTS, SELF, THIN, wanted_types

PAGE = (Path(__file__).parents[2] / "docs" / "stripe.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "origin"), [("platform", SELF), ("connect", ACCOUNTS), ("thin", THIN)])
def test_the_page_lists_the_events_of_each_endpoint(name: str, origin: str) -> None:
    found = re.search(rf"<!-- {name} -->\n```\n(.*?)```", PAGE, re.DOTALL)
    assert (found[1].split() if found else []) == wanted_types()[origin]


def test_the_page_names_the_api_version_that_we_send() -> None:
    assert f"**{stripe.api_version}**" in PAGE
