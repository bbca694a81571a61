from django.db import migrations, models
from django.db.models import Q

WITHIN_A_MONTH = """
ALTER TABLE creator_earnings ADD CONSTRAINT earning_period_is_within_a_month CHECK (
    (extract(year FROM period_start), extract(month FROM period_start))
    = (extract(year FROM period_end - 1), extract(month FROM period_end - 1))
)
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0014_batch_digests")]
    operations = [
        migrations.AddConstraint(
            model_name="billingbatch",
            constraint=models.CheckConstraint(
                condition=Q(posted_at__isnull=True, posting__isnull=True)
                | Q(posted_at__isnull=False, posting__isnull=False),
                name="batch_posted_has_its_posting",
            ),
        ),
        # An expression that Django's constraints can't write.
        migrations.RunSQL(
            WITHIN_A_MONTH, "ALTER TABLE creator_earnings DROP CONSTRAINT earning_period_is_within_a_month"
        ),
    ]
