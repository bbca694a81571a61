"""Forecast, each night, whether the Stripe balance will cover the next run."""

import logging
from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum

from money import Money
from payouts import gateway, selectors
from payouts.errors import FundsWillBeMissing
from payouts.models import Forecast, Payout
from payouts.services.deciding import runs
from payouts.states import UNSENT, DecisionReason

logger = logging.getLogger(__name__)


def make_forecast(*, now: datetime) -> list[Forecast]:
    """Record, by currency, what the next run needs and what Stripe has available.

    Raises: StripeCallFailed.
    """
    cutoff = selectors.next_cutoff(now=now)
    available = gateway.available_balance()
    expected = runs.forecast_run(cutoff=cutoff, now=now)
    next_run = Counter(
        {
            currency: net
            for (reason, currency), net in expected.amounts.items()
            if reason == DecisionReason.PAID
        }
    )
    by_reason: dict[str, dict[str, dict[str, int]]] = {}
    for (reason, currency), creators in expected.creators.items():
        decided = {"creators": creators, "amount": expected.amounts[reason, currency]}
        by_reason.setdefault(currency, {})[reason] = decided
    unsent = Payout.objects.filter(status__in=UNSENT).values_list("currency").annotate(Sum("net_amount"))
    waiting = Counter({currency: int(net) for currency, net in unsent})
    return [
        Forecast.objects.update_or_create(
            cutoff=cutoff,
            currency=currency,
            defaults={
                "waiting": waiting[currency],
                "next_run": next_run[currency],
                "by_reason": by_reason.get(currency, {}),
                "available": available[currency].amount if currency in available else 0,
                "made_at": now,
            },
        )[0]
        for currency in sorted({*settings.MINIMUM_PAYOUT, *by_reason, *waiting})
    ]


def require_funds(*, now: datetime) -> None:
    """Make the forecast; raise if money is missing and the run is near, else log it.

    Raises: FundsWillBeMissing, StripeCallFailed.
    """
    forecasts = make_forecast(now=now)
    missing = [Money(forecast.missing, forecast.currency) for forecast in forecasts if forecast.missing]
    due_at = selectors.due_at(selectors.next_cutoff(now=now))
    if not missing:
        return
    if due_at - now <= timedelta(days=settings.FORECAST_ALERT_DAYS):
        raise FundsWillBeMissing(missing, day=due_at.date())
    logger.warning("the Stripe balance lacks %s for the run on %s", missing, due_at.date())
