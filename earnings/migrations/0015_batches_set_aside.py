import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

CREATE = """
CREATE TRIGGER batch_acts_are_append_only BEFORE UPDATE OR DELETE ON batch_acts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
DROP = "DROP TRIGGER batch_acts_are_append_only ON batch_acts"


class Migration(migrations.Migration):
    dependencies = [("earnings", "0014_more_reasons")]
    operations = [
        migrations.AddField(
            model_name="billingbatch",
            name="set_aside_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="billingbatch",
            name="set_aside_reason",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="billingbatch",
            name="part_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="earnings.billingbatch",
            ),
        ),
        migrations.CreateModel(
            name="BatchAct",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("set_aside", "Set aside"),
                            ("retried", "Posted again"),
                            ("quarantined", "Records quarantined"),
                        ],
                        max_length=16,
                    ),
                ),
                ("actor", models.CharField(max_length=255)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acts",
                        to="earnings.billingbatch",
                    ),
                ),
            ],
            options={"db_table": "batch_acts"},
        ),
        migrations.AddIndex(
            model_name="quarantinedrecord",
            index=models.Index(
                fields=["source", "record_id"], condition=Q(reason="unpostable"), name="quarantine_unpostable"
            ),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
