import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_triggers"),
        ("earnings", "0029_quarantine_as_it_was"),
    ]
    operations = [
        migrations.AddField(
            model_name="adjustment",
            name="counts_as_earned",
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name="adjustment",
            name="write_off",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undoings",
                to="earnings.adjustment",
            ),
        ),
        migrations.AddField(
            model_name="adjustment",
            name="undone_before",
            field=models.BigIntegerField(db_default=0, editable=False),
        ),
        migrations.AddField(
            model_name="adjustment",
            name="counted_from",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.ledgertransaction",
            ),
        ),
        migrations.AlterField(
            model_name="adjustment",
            name="kind",
            field=models.CharField(
                choices=[
                    ("correction", "Correction"),
                    ("write_off", "Write-off of what the creator owes"),
                    ("write_off_undone", "Write-off undone by later earnings"),
                    ("write_off_restored", "Write-off restored"),
                    ("unexpected_transfer", "Transfer found for a payout that had ended"),
                    ("unexpected_transfer_reversed", "That transfer reversed"),
                ],
                max_length=32,
            ),
        ),
        migrations.RemoveIndex(model_name="adjustment", name="adjustment_written_off"),
        migrations.AddIndex(
            model_name="adjustment",
            index=models.Index(
                condition=models.Q(("kind", "write_off"), ("status", "approved")),
                fields=["creator", "currency"],
                name="adjustment_written_off",
            ),
        ),
        migrations.CreateModel(
            name="EarnedSince",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "write_off",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earned_since",
                        to="earnings.adjustment",
                    ),
                ),
                ("period_end", models.DateField()),
                ("undone_before", models.BigIntegerField(default=0)),
                ("earned", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "earned_since_write_offs",
                "constraints": [
                    models.UniqueConstraint(fields=("write_off", "period_end"), name="earned_since_is_one_row")
                ],
            },
        ),
    ]
