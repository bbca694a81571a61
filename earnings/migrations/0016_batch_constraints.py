from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("earnings", "0015_batches_set_aside")]
    operations = [
        migrations.AddConstraint(
            model_name="billingbatch",
            constraint=models.CheckConstraint(
                condition=Q(posted_at__isnull=True, posting__isnull=True)
                | Q(posted_at__isnull=False, posting__isnull=False),
                name="batch_posted_has_its_posting",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingbatch",
            constraint=models.CheckConstraint(
                condition=Q(set_aside_at__isnull=True, set_aside_reason="")
                | (Q(set_aside_at__isnull=False, posted_at__isnull=True) & ~Q(set_aside_reason="")),
                name="batch_set_aside_has_its_reason",
            ),
        ),
    ]
