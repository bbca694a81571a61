import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# The columns that a trace refers to are renamed below; 0009 adds the check again.
DROP = """
DROP TRIGGER earning_postings_refer ON earning_postings;
DROP FUNCTION earning_postings_refer();
"""

CREATE = """
CREATE FUNCTION earning_postings_refer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT batch_id FROM posted) AS given
               WHERE NOT EXISTS (SELECT FROM billing_batches WHERE billing_batches.id = given.batch_id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT earning_id FROM posted) AS given
                   WHERE NOT EXISTS (SELECT FROM creator_earnings WHERE creator_earnings.id = given.earning_id))
    THEN
        RAISE EXCEPTION 'a posting refers to no batch or earning' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER earning_postings_refer AFTER INSERT ON earning_postings
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION earning_postings_refer();
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0006_adjustments")]
    operations = [
        migrations.RunSQL(DROP, CREATE),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("posted_at", models.DateTimeField()),
            ],
            options={"db_table": "postings"},
        ),
        migrations.AddField(
            model_name="billingbatch",
            name="posting",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="batches",
                to="earnings.posting",
            ),
        ),
        migrations.RemoveIndex(model_name="billingbatch", name="batch_by_posting"),
        migrations.RemoveConstraint(model_name="earningposting", name="batch_is_posted_to_an_earning_once"),
        migrations.RenameField(model_name="earningposting", old_name="batch", new_name="posting"),
        migrations.AlterField(
            model_name="earningposting",
            name="posting",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="traces",
                to="earnings.posting",
            ),
        ),
        migrations.AddField(
            model_name="earningposting",
            name="batches",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
            preserve_default=False,
        ),
    ]
