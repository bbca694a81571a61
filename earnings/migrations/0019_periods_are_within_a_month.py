from django.db import migrations

# Django's constraints can't express this.
CREATE = """
ALTER TABLE creator_earnings ADD CONSTRAINT earning_period_is_within_a_month CHECK (
    (extract(year FROM period_start), extract(month FROM period_start))
    = (extract(year FROM period_end - 1), extract(month FROM period_end - 1))
)
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0018_batch_digests")]
    operations = [
        migrations.RunSQL(
            CREATE, "ALTER TABLE creator_earnings DROP CONSTRAINT earning_period_is_within_a_month"
        ),
    ]
