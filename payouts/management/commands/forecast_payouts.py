"""Tell what the next run would pay if nothing more were sold, and whether Stripe's balance covers it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from database import sql
from database.commands import add_json_option, print_result
from money import Money
from payouts.services import forecasts
from stripe_io.errors import StripeCallFailed

FIGURES = ("waiting", "next_run", "needed", "available", "missing")


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = forecasts.make_forecast(now=sql.now())
        except StripeCallFailed as failed:
            raise CommandError(f"Stripe can't say what is available: {failed}") from failed
        result: dict[str, Any] = {"cutoff": made[0].cutoff.isoformat()}
        for forecast in made:
            result[forecast.currency] = {
                name: Money(getattr(forecast, name), forecast.currency) for name in FIGURES
            }
        print_result(self.stdout, as_json=options["json"], result=result)
