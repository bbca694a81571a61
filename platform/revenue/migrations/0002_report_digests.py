from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("revenue", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="monthlyreport",
            name="digest",
            field=models.CharField(default="", max_length=32),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "UPDATE monthly_reports SET digest = md5(figures::text)", migrations.RunSQL.noop
        ),
    ]
