from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stripe_io", "0008_handled_events_are_found_by_time")]
    operations = [
        migrations.AddField("installation", "checked_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("installation", "checked_at", models.DateTimeField(blank=True, null=True)),
    ]
