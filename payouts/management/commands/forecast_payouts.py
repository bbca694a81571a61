"""Show what the next run would pay without further sales, and whether the balance at Stripe covers it."""

from typing import Any

from django.core.management.base import CommandError

from database import sql
from database.commands import ServiceCommand
from money import Money
from payouts.services.deciding import forecasts
from stripe_io.errors import StripeCallFailed

FIGURES = ("waiting", "next_run", "needed", "available", "missing")


class Command(ServiceCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = forecasts.make_forecast(now=sql.now())
        except StripeCallFailed as failed:
            raise CommandError(f"The balance at Stripe can't be read: {failed}") from failed
        result: dict[str, Any] = {"cutoff": made[0].cutoff.isoformat()}
        for forecast in made:
            result[forecast.currency] = {
                name: Money(getattr(forecast, name), forecast.currency) for name in FIGURES
            }
        self.show(options, result)
