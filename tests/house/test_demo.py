"""What the demo hands its viewer at the end works as it stands."""

import json
import re
import shlex

import pytest
from rest_framework.test import APIClient

from database import sql
from payouts_project.demo import callers
from tests.payouts.market import Market


@pytest.mark.django_db
def test_each_call_that_the_demo_prints_is_answered() -> None:
    market = Market()
    alice, bob = market.creators(["alice", "bob"])
    market.sell(bob, 10_00)
    market.sell(alice, 50_00)
    printed = "\n".join(callers.lines(source="billing", now=sql.now()))
    assert "/api/docs" in printed
    assert "What alice, who earned most" in printed
    answers = []
    for line in re.findall("curl .*", printed):
        _, _, authorization, address, *body = shlex.split(line)
        client = APIClient(headers={"Authorization": authorization.removeprefix("Authorization: ")})
        answer = (
            client.post(address, body[-1], content_type="application/json") if body else client.get(address)
        )
        assert answer.status_code == 200, answer.content
        answers.append(json.loads(answer.content))
    earnings, analytics, pushed = answers
    assert earnings["summary"]["lifetime_net"] == 40_00
    assert analytics["account_stats"]["active"] == 2
    assert pushed["summary"]["accepted"] == 1
