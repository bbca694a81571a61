"""Which apps may read and write which tables. import-linter checks imports, but not SQL."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.apps import apps

ROOT = Path(__file__).parents[2]
_CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
(_LAYERS,) = (item["layers"] for item in _CONTRACTS if item["name"] == "Who may import whom")
FLOORS = {app.strip(): floor for floor, layer in enumerate(reversed(_LAYERS)) for app in layer.split("|")}
# dj-stripe's tables are read where dj-stripe may be imported.
OWNERS = {
    model._meta.db_table: app
    for model in apps.get_models(include_auto_created=True)
    if (app := model._meta.app_label.replace("djstripe", "stripe_io")) in FLOORS
}
MODELS = {
    model.__name__: model._meta.app_label for model in apps.get_models() if model._meta.app_label in FLOORS
}
_TABLE = rf"(?:ONLY\s+)?({'|'.join(OWNERS)})\b"
_READ = re.compile(rf"\b(?:FROM|JOIN|USING|TABLE)\s+{_TABLE}")
_WRITTEN = re.compile(rf"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|COPY|TRUNCATE)\s+{_TABLE}")
_WRITES = {
    "bulk_create",
    "bulk_update",
    "create",
    "delete",
    "get_or_create",
    "update",
    "update_or_create",
}


class Use(NamedTuple):
    """A place where an app's code uses a table or a model of `owner`."""

    app: str
    owner: str
    place: str


def sources() -> Iterator[tuple[str, str, str]]:
    """Yield (app, place, text) of all code and SQL except migrations, which may change any table."""
    for app in FLOORS:
        folder = next(path for path in (ROOT / app, ROOT / "platform" / app) if path.is_dir())
        for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.sql"))):
            if not any(part.endswith("migrations") for part in path.parts):
                yield app, str(path.relative_to(ROOT)), path.read_text()


def in_sql(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield the owners of the tables that SQL reads or writes, in SQL files or in Python strings."""
    return (OWNERS[found[1]] for found in pattern.finditer(text))


def by_models(text: str) -> Iterator[str]:
    """Yield the owners of the models that Python writes in a call chain starting with the model's name."""
    for call in ast.walk(ast.parse(text)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _WRITES:
            link: ast.expr = call.func
            while isinstance(link, ast.Attribute | ast.Call):
                link = link.value if isinstance(link, ast.Attribute) else link.func
            if isinstance(link, ast.Name) and link.id in MODELS:
                yield MODELS[link.id]


def read() -> list[Use]:
    return [Use(app, owner, place) for app, place, text in sources() for owner in in_sql(_READ, text)]


def written() -> list[Use]:
    return [
        Use(app, owner, place)
        for app, place, text in sources()
        for owner in (*in_sql(_WRITTEN, text), *(by_models(text) if place.endswith(".py") else ()))
    ]


def test_an_app_reads_only_its_own_tables_and_those_of_apps_below() -> None:
    found = read()
    assert {use.app for use in found} >= {"accounts", "earnings", "ledger", "payouts", "revenue", "stripe_io"}
    assert [use for use in found if use.owner != use.app and FLOORS[use.owner] >= FLOORS[use.app]] == []


def test_only_its_own_app_writes_a_table() -> None:
    found = written()
    assert {use.app for use in found} >= {"accounts", "earnings", "ledger", "payouts", "revenue", "stripe_io"}
    assert [use for use in found if use.owner != use.app] == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT status FROM payouts AS payout",
        "SELECT gross FROM creator_earnings AS earning JOIN payouts ON payouts.id = earning.payout_id",
        "DELETE FROM creator_earnings USING payouts",
        "SELECT 1 FROM ONLY payouts",
    ],
)
def test_a_table_is_found_wherever_sql_reads_it(statement: str) -> None:
    assert "payouts" in in_sql(_READ, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO payouts (id) SELECT uuid7()",
        "WITH due AS (SELECT 1) UPDATE payouts AS payout SET taken_at = now()",
        "UPDATE ONLY payouts SET taken_at = now()",
        "DELETE FROM payouts",
        "COPY payouts (id) FROM STDIN",
    ],
)
def test_a_table_is_found_wherever_sql_writes_it(statement: str) -> None:
    assert "payouts" in in_sql(_WRITTEN, statement)


def test_a_prefix_of_a_tables_name_is_no_table() -> None:
    assert list(in_sql(_READ, "SELECT 1 FROM payouts_by_month")) == []


def test_a_model_is_found_wherever_it_is_written() -> None:
    changed = "Payout.objects.using('x').filter(pk=pk, status__in=[1]).update(status='paid')"
    assert list(by_models(changed)) == ["payouts"]
    assert list(by_models("Payout.objects.filter(pk=pk).exists(); update(Payout)")) == []
