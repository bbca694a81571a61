import django.db.models.lookups
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import database.staff


class RemoveNotValid(migrations.RemoveConstraint):
    """Remove a constraint that old rows may violate; when reversed, add it back without checking them."""

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        constraint = to_state.models[app_label, self.model_name_lower].get_constraint_by_name(self.name)
        add = AddConstraintNotValid(self.model_name, constraint)
        add.database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    dependencies = [("earnings", "0031_write_offs_so_far")]
    operations = [
        RemoveNotValid(model_name="adjustment", name="adjustment_needs_a_second_person"),
        AddConstraintNotValid(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "approved"), _negated=True),
                    models.Q(
                        django.db.models.lookups.Exact(
                            database.staff.PersonBehind("decided_by"),
                            database.staff.PersonBehind("proposed_by"),
                        ),
                        _negated=True,
                    ),
                    models.Q(
                        (
                            "kind__in",
                            (
                                "write_off_undone",
                                "write_off_restored",
                                "unexpected_transfer",
                                "unexpected_transfer_reversed",
                            ),
                        ),
                        ("proposed_by", "system"),
                    ),
                    _connector="OR",
                ),
                name="adjustment_needs_a_second_person",
            ),
        ),
        # From now on: undoings named none before.
        AddConstraintNotValid(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ("write_off_undone", "write_off_restored")), ("write_off__isnull", False)
                    ),
                    models.Q(
                        models.Q(("kind__in", ("write_off_undone", "write_off_restored")), _negated=True),
                        ("write_off__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="adjustment_undoing_names_its_write_off",
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("counts_as_earned", False),
                        ("kind__in", ["write_off", "write_off_undone", "write_off_restored"]),
                    ),
                    models.Q(
                        ("kind", "correction"),
                        models.Q(("amount__gt", 0), ("counts_as_earned", True), _connector="OR"),
                    ),
                    models.Q(
                        ("counts_as_earned", True),
                        ("kind__in", ["unexpected_transfer", "unexpected_transfer_reversed"]),
                    ),
                    _connector="OR",
                ),
                name="adjustment_counts_as_its_kind_says",
            ),
        ),
        # What restores a part of a write-off was an undoing of less before.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "UPDATE adjustments SET kind = 'write_off_undone' WHERE kind = 'write_off_restored'",
        ),
    ]
