"""Each app's migrations are linear, match the models, and can be reversed."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

OURS = ("database", "ledger", "stripe_io", "accounts", "earnings", "payouts", "revenue", "console")


@pytest.mark.parametrize("label", OURS)
def test_the_migrations_of_an_app_are_linear(label: str) -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    names = sorted(name for app, name in loader.disk_migrations if app == label)
    parents = {
        name: [parent for app, parent in loader.disk_migrations[label, name].dependencies if app == label]
        for name in names
    }
    assert parents == {
        name: [before] if before else [] for before, name in zip([None, *names], names, strict=False)
    }


def test_every_app_with_tables_has_its_migrations_in_the_project() -> None:
    ours = {config.label for config in apps.get_app_configs() if "site-packages" not in config.path}
    assert {label for label in ours if list(apps.get_app_config(label).get_models())} <= set(OURS)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_every_migration_can_be_reversed_and_applied_again() -> None:
    for label in reversed(OURS):
        call_command("migrate", label, "zero", verbosity=0)
    assert "creators" not in connection.introspection.table_names()
    call_command("migrate", verbosity=0)
    assert "creators" in connection.introspection.table_names()
