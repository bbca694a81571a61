import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_lift_reason"), ("earnings", "0011_paid_so_far")]
    operations = [
        migrations.AddField(
            model_name="commissionrate",
            name="creator",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="commission_rates",
                to="accounts.creator",
            ),
        ),
        migrations.AddField(
            model_name="commissionrate",
            name="api",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="commission_rates",
                to="earnings.api",
            ),
        ),
        migrations.AddField(
            model_name="commissionrate",
            name="actor",
            field=models.CharField(default="system", max_length=255),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="commissionrate",
            name="reason",
            field=models.TextField(default="PLATFORM_FEE_BPS"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="commissionrate",
            name="bps",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="commissionrate", name="effective_from", field=models.DateTimeField()
        ),
    ]
