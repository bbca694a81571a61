from django.db import migrations

CREATE = """
CREATE TRIGGER creator_changes_are_append_only BEFORE UPDATE OR DELETE ON creator_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
DROP = "DROP TRIGGER creator_changes_are_append_only ON creator_changes"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_creator_changes"), ("database", "0002_refuse_change")]
    operations = [migrations.RunSQL(CREATE, DROP)]
