from django.db import migrations, models

CREATE = """
CREATE TRIGGER payouts_keep_their_names BEFORE UPDATE ON payouts
    FOR EACH ROW WHEN (
        (OLD.ordinal, OLD.reference, OLD.transfer_group)
        IS DISTINCT FROM
        (NEW.ordinal, NEW.reference, NEW.transfer_group)
    ) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_attempts_keep_their_metadata BEFORE UPDATE ON payout_attempts
    FOR EACH ROW WHEN (OLD.metadata IS DISTINCT FROM NEW.metadata) EXECUTE FUNCTION refuse_change();
"""
DROP = """
DROP TRIGGER payout_attempts_keep_their_metadata ON payout_attempts;
DROP TRIGGER payouts_keep_their_names ON payouts;
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0026_payouts_keep_their_names")]
    operations = [
        migrations.AlterField("payout", "ordinal", models.PositiveIntegerField()),
        migrations.AlterField("payout", "reference", models.CharField(max_length=36, unique=True)),
        migrations.AlterField("payout", "transfer_group", models.CharField(max_length=36)),
        migrations.AddIndex(
            "payout", models.Index(fields=["transfer_group"], name="payout_by_transfer_group")
        ),
        migrations.AddConstraint(
            "payout",
            models.UniqueConstraint(
                fields=["run", "creator", "currency", "ordinal"], name="payout_is_counted_once"
            ),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
