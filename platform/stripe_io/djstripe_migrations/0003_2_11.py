from django.db import migrations


class Migration(migrations.Migration):
    """Nothing to do: 0001_initial is the whole schema. The name lets a database go back to dj-stripe's own."""

    dependencies = [("djstripe", "0002_2_10")]
    operations = []
