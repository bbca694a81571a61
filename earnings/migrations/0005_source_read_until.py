from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("earnings", "0004_keys_checked_per_statement")]
    operations = [
        migrations.AddField(
            model_name="billingsource",
            name="read_until",
            field=models.DateTimeField(blank=True, null=True),
        )
    ]
