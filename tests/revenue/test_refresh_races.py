"""Concurrent refreshes."""

from datetime import date
from functools import partial
from typing import Any

import pytest

from earnings.models import BillingSource
from revenue import services
from revenue.models import PlatformRevenue
from tests.feeding import NOW, feed, post, record
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_that_waited_for_a_refresh_does_not_repeat_it(
    source: BillingSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(source, record())
    post()
    done = []

    def refresh_months(*args: Any, **kwargs: Any) -> None:
        done.append(args)
        really(*args, **kwargs)

    really = services.refresh_months
    monkeypatch.setattr(services, "refresh_months", refresh_months)
    at_once(*[partial(services.refresh_unless_fresh, [date(2024, 1, 1)], now=NOW)] * 8)
    assert len(done) == 1
    assert PlatformRevenue.objects.get().total_gross_revenue == 1000
