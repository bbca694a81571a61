from django.db import migrations

# Ids that are too long were cut to 255 characters, and could equal others.
SHORTEN = """
UPDATE quarantined_records
SET record_id = left(record_id, 254) || '…'
WHERE length(record_id) = 255 AND length(content ->> 'record_id') > 255
"""
CUT = """
UPDATE quarantined_records
SET record_id = left(content ->> 'record_id', 255)
WHERE length(record_id) = 255 AND right(record_id, 1) = '…'
"""
# Rechecks that the previous version had not done yet.
RECHECK = """
INSERT INTO quarantine_rechecks (batch_id)
SELECT DISTINCT batch_id FROM quarantined_records WHERE resolved_at IS NULL ORDER BY batch_id
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0028_quarantine_rechecks")]
    operations = [
        migrations.RunSQL(SHORTEN, CUT),
        migrations.RunSQL(RECHECK, migrations.RunSQL.noop),
    ]
