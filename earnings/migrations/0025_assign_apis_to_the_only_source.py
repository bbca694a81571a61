from django.db import migrations

# If there are several sources, only staff know which of them registered which APIs.
ASSIGN = """
WITH sole AS (
    SELECT min(id) AS id, min(name) AS name FROM billing_sources HAVING count(*) = 1
), assigned AS (
    UPDATE apis SET source_id = sole.id FROM sole WHERE source_id IS NULL RETURNING apis.id, sole.name
)
INSERT INTO api_changes (api_id, field, before, after, had_sales, way, source, actor, reason)
SELECT id, 'source', '', name, false, 'upgrade', name, '', 'The only source when APIs began to belong to one'
FROM assigned
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0024_api_changes_guard")]
    operations = [migrations.RunSQL(ASSIGN, migrations.RunSQL.noop)]
