from django.db import migrations

CREATE = """
CREATE TRIGGER api_changes_are_append_only BEFORE UPDATE OR DELETE ON api_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
DROP = "DROP TRIGGER api_changes_are_append_only ON api_changes"


class Migration(migrations.Migration):
    dependencies = [("earnings", "0023_api_changes")]
    operations = [migrations.RunSQL(CREATE, DROP)]
