"""Commands: everyone who changes something identifies themselves and is checked first; every command has a help."""

from argparse import Action, ArgumentParser, _SubParsersAction
from importlib import import_module
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command, get_commands
from django.db import connection

from database.staff import Right
from tests.factories import UserFactory

ROOT = Path(__file__).parents[2]
# These only read; or do what beat does by the same rules, so that nobody decides anything; or import all that a system
# or a file contains; or are for the machine's operator, who sets it up and has its secrets.
NEED_NOBODY = {
    "add_source",
    "batches list",
    "catalog list-unassigned",
    "check_books",
    "check_stripe",
    "commission list",
    "commission preview",
    "compare_billing_database",
    "demo",
    "differences list",
    "forecast_payouts",
    "import_billing",
    "import_catalog",
    "issue_token",
    "negative_balances",
    "onboard_creators",
    "onboarding refusals",
    "post_earnings",
    "quarantine list",
    "quarantine preview-unlinked",
    "read_billing_database",
    "reconcile",
    "report_revenue",
    "run_payouts",
    "sandbox",
    "sending status",
    "suspense list",
    "sync_accounts",
}
# The proposer has given the reason, owning a difference changes nothing else, and a dry run replays nothing.
NEED_NO_REASON = {"adjust approve", "differences own", "replay_events", "suspense approve"}
OURS = {config.name for config in apps.get_app_configs() if "site-packages" not in config.path}


def acts_of(parser: ArgumentParser) -> "list[_SubParsersAction[ArgumentParser]]":
    return [action for action in parser._actions if isinstance(action, _SubParsersAction)]


COMMANDS: dict[str, ArgumentParser] = {
    name: import_module(f"{app}.management.commands.{name}").Command().create_parser("manage.py", name)
    for name, app in get_commands().items()
    if app in OURS
}
# Each command without acts, and each act of the others, by what a user types.
PARSERS = {name: parser for name, parser in COMMANDS.items() if not acts_of(parser)} | {
    f"{name} {act}": inner
    for name, parser in COMMANDS.items()
    for acts in acts_of(parser)
    for act, inner in acts.choices.items()
}
SIGNED = {name: parser for name, parser in PARSERS.items() if "--actor" in parser._option_string_actions}


# Arguments that are needed, but that the parser doesn't require.
BESIDES = {"replay_events": ["--id", "evt_1", "--reason", "1000"]}


def sample(action: Action) -> str:
    """Return a valid value for this argument."""
    if action.choices:
        return str(next(iter(action.choices)))
    if action.dest == "cutoff":
        return "2026-11-01"
    return str(uuid4()) if action.type is UUID else "1000"


def typed(name: str) -> list[str]:
    """Return the command with all required arguments except the actor."""
    parser = SIGNED[name]
    needed = [action for action in parser._actions if action.required or not action.option_strings]
    firsts = [group._group_actions[0] for group in parser._mutually_exclusive_groups if group.required]
    needed += [action for action in firsts if action not in needed]
    words = [*name.split(), *BESIDES.get(name, [])]
    for action in needed:
        if action.dest != "actor":
            words += [*action.option_strings[:1], sample(action)]
    return words


def test_every_act_is_signed_except_those_that_need_nobody() -> None:
    assert set(PARSERS) - set(SIGNED) == NEED_NOBODY


def test_every_act_has_a_reason_except_those_that_need_none() -> None:
    needs = {
        name
        for name, parser in SIGNED.items()
        for act in parser._actions
        if act.required and act.dest == "reason"
    }
    assert set(SIGNED) - needs == NEED_NO_REASON


@pytest.mark.parametrize("name", sorted(set(PARSERS) - {"demo", "sandbox"}))
def test_every_command_can_print_json(name: str) -> None:
    assert "--json" in PARSERS[name]._option_string_actions


def test_the_documented_table_of_rights_is_complete() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("## Who may act\n")[2].partition("\n## ")[0]
    assert [right for right in Right if f"`{right}`" not in table] == []


def tables() -> dict[str, int]:
    """Count all writes to each of our tables; the test itself only writes users."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE relname NOT LIKE 'accounts_user%' AND relname <> 'auth_permission'"
        )
        return dict(cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("name", SIGNED)
def test_nothing_is_done_for_an_unknown_actor_or_without_the_right(name: str) -> None:
    right = SIGNED[name].get_default("right")
    UserFactory.create(username="dana", rights=set(Right) - {right} if right else ())
    before = tables()
    for actor, problem in (("made-up", "No active member of staff"), ("dana", "dana lacks the right")):
        with pytest.raises(CommandError, match=problem):
            call_command(*typed(name), "--actor", actor)
    assert tables() == before


@pytest.mark.parametrize("name", PARSERS)
def test_every_argument_has_a_help(name: str) -> None:
    assert [action.dest for action in PARSERS[name]._actions if not action.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_act_has_a_help(name: str) -> None:
    for acts in acts_of(COMMANDS[name]):
        assert {act.dest for act in acts._choices_actions if act.help} == set(acts.choices)


@pytest.mark.parametrize(
    "command",
    [
        ("commission", "set", "1000", "--from"),
        ("read_billing_database", "--since"),
        ("reconcile", "--since"),
        ("replay_events", "--since"),
        ("replay_events", "--until"),
        ("run_payouts", "--now"),
    ],
)
@pytest.mark.parametrize("text", ["yesterday", "2026-11-01", "2026-11-01T00:00:00", "2026-13-01T00:00:00Z"])
def test_every_command_refuses_an_invalid_time(command: tuple[str, ...], text: str) -> None:
    with pytest.raises(CommandError, match="is not an ISO 8601 time with an offset"):
        call_command(*command, text)


@pytest.mark.parametrize(
    "command",
    [
        ("commission", "preview", "--month"),
        ("import_billing", "--from"),
        ("import_billing", "--to"),
        ("report_revenue", "--month"),
    ],
)
@pytest.mark.parametrize("text", ["october", "2026-13", "2026-10-01"])
def test_every_command_refuses_an_invalid_month(command: tuple[str, ...], text: str) -> None:
    with pytest.raises(CommandError, match=r"is not a month like 2026-10|month must be in 1"):
        call_command(*command, text)
