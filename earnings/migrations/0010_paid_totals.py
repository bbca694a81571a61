import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_lift_reason"), ("earnings", "0009_posting_guards")]
    operations = [
        migrations.CreateModel(
            name="PaidTotal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "creator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paid_totals",
                        to="accounts.creator",
                    ),
                ),
                (
                    "api",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="earnings.api",
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("gross", models.BigIntegerField()),
                ("net", models.BigIntegerField()),
                ("last_updated", models.DateTimeField()),
            ],
            options={
                "db_table": "paid_totals",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("creator", "api", "currency"),
                        name="paid_total_is_one_row",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.RemoveIndex(model_name="creatorearning", name="earning_by_creator"),
        migrations.AddIndex(
            model_name="creatorearning",
            index=models.Index(fields=["creator", "period_start", "api"], name="earning_by_creator"),
        ),
    ]
