from datetime import UTC, datetime

from django.conf import settings
from django.db import migrations


def seed(apps, schema_editor):
    rates = apps.get_model("earnings", "CommissionRate")
    rates.objects.create(bps=settings.PLATFORM_FEE_BPS, effective_from=datetime(1970, 1, 1, tzinfo=UTC))


class Migration(migrations.Migration):
    dependencies = [("earnings", "0003_history_never_changes")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
