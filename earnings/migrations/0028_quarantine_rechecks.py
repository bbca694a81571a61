import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Collate

OF_API = ["api_unknown", "owner_unknown", "owner_mismatch"]
OF_CHARGE = ["charge_unknown", "exceeds_charge"]
CREATE = """
CREATE FUNCTION recheck_quarantined_of_api() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO quarantine_rechecks (api_id) SELECT DISTINCT api_id FROM begun;
    RETURN NULL;
END
$$;

CREATE TRIGGER owners_let_records_enter AFTER INSERT ON api_ownerships
    REFERENCING NEW TABLE AS begun
    FOR EACH STATEMENT EXECUTE FUNCTION recheck_quarantined_of_api();
"""
DROP = """
DROP TRIGGER owners_let_records_enter ON api_ownerships;
DROP FUNCTION recheck_quarantined_of_api();
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0027_charge_counters")]
    operations = [
        migrations.CreateModel(
            name="Recheck",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "api",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="earnings.api",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="earnings.billingbatch",
                    ),
                ),
            ],
            options={
                "db_table": "quarantine_rechecks",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(api__isnull=False, batch__isnull=True)
                        | Q(api__isnull=True, batch__isnull=False),
                        name="recheck_is_of_one_thing",
                    )
                ],
            },
        ),
        migrations.RunSQL(CREATE, DROP),
        migrations.AddIndex(
            model_name="quarantinedrecord",
            index=models.Index(
                fields=["record_id", "source"],
                condition=Q(resolution="superseded"),
                name="quarantine_superseded",
            ),
        ),
        migrations.AlterField(
            model_name="quarantinedrecord",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="quarantined",
                to="earnings.billingsource",
            ),
        ),
        migrations.RemoveIndex(model_name="quarantinedrecord", name="quarantine_open"),
        migrations.AddIndex(
            model_name="quarantinedrecord",
            index=models.Index(
                fields=["record_id", "source"],
                condition=Q(resolved_at__isnull=True),
                name="quarantine_open",
            ),
        ),
        migrations.AddIndex(
            model_name="quarantinedrecord",
            index=models.Index(
                KeyTextTransform("api_id", "content"),
                condition=Q(resolved_at__isnull=True, reason__in=OF_API),
                name="quarantine_by_api",
            ),
        ),
        migrations.AddIndex(
            model_name="quarantinedrecord",
            index=models.Index(
                KeyTextTransform("related_record_id", "content"),
                condition=Q(resolved_at__isnull=True, reason__in=OF_CHARGE),
                name="quarantine_by_charge",
            ),
        ),
        migrations.AddIndex(
            model_name="quarantinedrecord",
            index=models.Index(
                KeyTextTransform("currency", "content"),
                condition=Q(resolved_at__isnull=True, reason="currency_not_paid"),
                name="quarantine_by_currency",
            ),
        ),
        migrations.AddIndex(
            model_name="quarantinedrecord",
            index=models.Index(
                Collate(KeyTextTransform("occurred_at", "content"), "C"),
                condition=Q(resolved_at__isnull=True, reason="time_in_future"),
                name="quarantine_by_time",
            ),
        ),
    ]
