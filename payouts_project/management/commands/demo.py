"""Pay real sales through the running local service, and tell what came of it."""

import secrets
import sys
import time
from datetime import date
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Sum
from tqdm import tqdm

from accounts.models import User
from database import sql
from earnings.models import BillingRecord, RecordKind
from money import month_of
from payouts.models import Payout
from payouts.services import books, runs
from payouts.states import DEAD, PayoutStatus
from payouts_project.demo import callers, extract, summary
from stripe_io import installation
from stripe_io.client import call, client
from stripe_io.models import StripeMode

SOURCE = "uci-online-retail"
STAFF = "staff"
PATIENCE_SECONDS = 180


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        if installation.configured_mode() != StripeMode.SANDBOX:
            raise CommandError("the demo moves invented money: it runs in the sandbox only")
        folder = settings.BASE_DIR / ".local" / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        month = self._running_month(folder)
        billing = folder / "billing.csv"
        extract.write_moved(billing, running_month=month, now=sql.now())
        call_command("add_source", SOURCE, stdout=StringIO())
        self._do("Importing the catalogue", "import_catalog", extract.CATALOG)
        self._do("Importing billing records", "import_billing", str(billing), "--source", SOURCE)
        self._do("Onboarding creators onto Stripe", "onboard_creators")
        self._do("Posting earnings", "post_earnings")
        _collect_receipts()
        for cutoff in extract.cutoffs(month):
            self._pay(cutoff)
        validations = books.check()
        self.stdout.write("")
        for line in summary.lines(validations):
            self.stdout.write(line)
        self.stdout.write("")
        for line in callers.lines(source=SOURCE, now=sql.now()):
            self.stdout.write(line)
        self._show_console(folder)
        unpaid = Payout.objects.exclude(status=PayoutStatus.PAID).count()
        if unpaid or any(validation.findings for validation in validations):
            sys.exit(1)

    def _running_month(self, folder: Path) -> date:
        """Return the month the first demo ran in: sales that were imported once don't move again."""
        remembered = folder / "month"
        if not remembered.exists():
            remembered.write_text(month_of(sql.now()).start.isoformat())
        return date.fromisoformat(remembered.read_text())

    def _do(self, title: str, name: str, *arguments: object) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(title))
        call_command(name, *arguments)

    def _pay(self, cutoff: date) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"Payout run up to {cutoff}"))
        runs.make_run(cutoff=cutoff, now=sql.now())
        made = Payout.objects.filter(run__cutoff=cutoff).exclude(status__in=DEAD)
        total, paid, started = made.count(), 0, time.monotonic()
        with tqdm(total=total, desc="In the bank", unit=" payouts", disable=None) as bar:
            while paid < total and time.monotonic() - started < PATIENCE_SECONDS:
                by_status = dict(made.order_by("status").values_list("status").annotate(Count("pk")))
                bar.update(by_status.get(PayoutStatus.PAID, 0) - paid)
                bar.set_postfix(by_status)
                paid = by_status.get(PayoutStatus.PAID, 0)
                time.sleep(0.2)
        self.stdout.write(f"{paid} of {total} payouts are in the bank")

    def _show_console(self, folder: Path) -> None:
        password = folder / "password"
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(secrets.token_urlsafe(12))
            user, _ = User.objects.get_or_create(
                username=STAFF, defaults={"is_staff": True, "is_superuser": True}
            )
            user.set_password(password.read_text())
            user.save()
        self.stdout.write("")
        self.stdout.write(
            f"The console is on {settings.PUBLIC_URL}: log in as {STAFF} with {password.read_text()}"
        )


def _collect_receipts() -> None:
    """Put what customers paid on the platform's Stripe balance, as charges would have; once per balance."""
    balance = call(client().v1.balance.retrieve).to_dict()
    held = {part["currency"].upper(): part["amount"] for part in balance["available"]}
    charged = (
        BillingRecord.objects.filter(kind=RecordKind.CHARGE).values_list("currency").annotate(Sum("amount"))
    )
    paid = dict(Payout.objects.exclude(status__in=DEAD).values_list("currency").annotate(Sum("net_amount")))
    for currency, amount in charged:
        missing = amount - paid.get(currency, 0) - held.get(currency, 0)
        if missing > 0:
            params: dict[str, Any] = {"amount": missing, "currency": currency.lower()}
            call(partial(client().raw_request, "post", "/_sandbox/fund", **params))
