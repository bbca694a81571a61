import database.staff
import django.db.models.lookups
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("earnings", "0020_adjustments_are_decided_for_a_reason")]
    operations = [
        migrations.RemoveConstraint(model_name="adjustment", name="adjustment_needs_a_second_person"),
        # From now on: what was approved before may bear names that nobody checked.
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
                            ("write_off_undone", "unexpected_transfer", "unexpected_transfer_reversed"),
                        ),
                        ("proposed_by", "system"),
                    ),
                    _connector="OR",
                ),
                name="adjustment_needs_a_second_person",
            ),
        ),
    ]
