"""Pay three months of real sales through the running local service, with some failures on the way."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from database import sql
from money import month_of
from payouts.services.reconciliation import books
from payouts_project.demo import callers, extract, links, mishaps, outlook, paying, people, selling, summary
from payouts_project.demo.telling import NothingCame, Teller
from stripe_io import installation
from stripe_io.models import StripeMode


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--exit",
            action="store_true",
            help="don't print addresses to look at, as the service stops afterwards",
        )

    def handle(self, *args: object, **options: object) -> None:
        if installation.configured_mode() != StripeMode.SANDBOX:
            raise CommandError("The demo moves invented money, so it runs in the sandbox only.")
        folder = settings.BASE_DIR / ".local" / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        password = people.hire(folder)
        try:
            _play(Teller(self.stdout, self.style), folder=folder)
        except NothingCame as stuck:
            raise CommandError(str(stuck)) from stuck
        validations = books.check_all(now=sql.now())
        callers.write(folder / "env", source=selling.SOURCE, now=sql.now())
        where = () if options["exit"] else ("", *_where_to_look(folder, password=password))
        for line in ("", *summary.lines(validations), *where):
            self.stdout.write(line)
        if any(validation.findings for validation in validations):
            raise CommandError("The books do not balance: the checks above say where.")


def _play(tell: Teller, *, folder: Path) -> None:
    """Pay three months, the first of them without mishaps."""
    month = _running_month(folder)
    first, second, third = extract.cutoffs(month)
    is_new = not paying.is_made(first)
    if not is_new:
        tell.say("The demo has run here before, so this repeats its results.")
    selling.hand_over(folder, tell, month=month)
    selling.join_stripe(tell)
    selling.earn(tell)
    paying.make_run(first, tell)
    paying.follow_run(first, tell)
    mishaps.refuse_a_transfer(second, tell)
    paying.follow_run(second, tell)
    mishaps.return_a_payout(second, tell, failure_code="account_closed", largest=6)
    mishaps.restrict_an_account(second, tell)
    mishaps.hold_a_payout(third, tell)
    paying.follow_run(third, tell)
    mishaps.return_a_payout(third, tell, failure_code="incorrect_account_holder_name", largest=0)
    if is_new and (unintended := mishaps.find_unintended()):
        raise CommandError(f"Something went wrong that should not have: {unintended}.")
    mishaps.propose_an_adjustment(third, tell)
    mishaps.take_money_back_by_hand(third, tell)
    outlook.report_months([first, second, third], tell)
    outlook.compare_with_stripe(tell)
    outlook.look_ahead(tell)


def _running_month(folder: Path) -> date:
    """Return the month in which the first demo ran: sales that were imported don't move again."""
    remembered = folder / "month"
    if not remembered.exists():
        remembered.write_text(month_of(sql.now()).start.isoformat())
    return date.fromisoformat(remembered.read_text())


def _where_to_look(folder: Path, *, password: str) -> Iterator[str]:
    yield f"Console   {settings.PUBLIC_URL}"
    yield f"User      {people.ADMINISTRATOR}"
    yield f"Password  {password}"
    yield ""
    yield f"{people.FINANCE}, who works in finance, and {people.APPROVER}, who approves, have the same password."
    for name, address in links.lines():
        yield f"\n{name}\n{address}"
    yield f"\nThe API is described at {settings.PUBLIC_URL}/api/docs. For a day, these work:"
    yield from callers.lines((folder / "env").relative_to(settings.BASE_DIR))
