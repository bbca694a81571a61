"""`manage.py sandbox`: a local Stripe until SIGTERM or Ctrl-C."""

import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sandbox.config import Config
from sandbox.server import SandboxServer

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Command(BaseCommand):
    help = "Run a local Stripe with the API key and webhook secrets of the settings."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, required=True, help="port to listen on, on this machine")
        parser.add_argument("--state", type=Path, required=True, help="folder for its state")
        parser.add_argument("--webhook", default="", help="URL that events are delivered to")
        parser.add_argument("--seed", type=int, default=0, help="seed for random faults")
        parser.add_argument(
            "--payout-seconds", type=float, default=1.0, help="seconds until a bank payout arrives"
        )
        parser.add_argument(
            "--settle-seconds", type=float, default=0.0, help="seconds until a transfer can be paid out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            config = Config(
                state=options["state"],
                api_key=settings.STRIPE_SECRET_KEY,
                webhook_url=options["webhook"],
                webhook_secrets=(
                    settings.STRIPE_WEBHOOK_SECRETS[0],
                    settings.STRIPE_CONNECT_WEBHOOK_SECRETS[0],
                ),
                thin_secrets=(settings.STRIPE_THIN_WEBHOOK_SECRETS[0],),
                platform_country=settings.PLATFORM_COUNTRY,
                payout_seconds=options["payout_seconds"],
                settle_seconds=options["settle_seconds"],
                seed=options["seed"],
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        # The signals are waited for, not handled: a handler could run while the wait itself holds its lock. They are
        # blocked before any thread starts, since threads inherit the mask.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        with SandboxServer(config, port=options["port"]) as server:
            self.stdout.write(f"Stripe sandbox on {server.url}")
            self.stdout.flush()
            signal.sigwait(STOP_SIGNALS)
