from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stripe_io", "0005_plainer_labels")]
    operations = [
        migrations.AddField(
            "installation", "uuid", models.UUIDField(db_default=RandomUUID(), editable=False)
        ),
    ]
