from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("earnings", "0019_periods_are_within_a_month")]
    operations = [
        migrations.AddField(
            model_name="adjustment",
            name="decide_reason",
            field=models.TextField(blank=True, db_default=""),
        ),
        # From now on: what was declined before has no reason, and none is made up.
        AddConstraintNotValid(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "declined"), _negated=True),
                    ("decide_reason__regex", "\\S"),
                    _connector="OR",
                ),
                name="adjustment_declined_for_a_reason",
            ),
        ),
    ]
