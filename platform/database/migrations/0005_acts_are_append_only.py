from django.db import migrations

CREATE = """
CREATE TRIGGER acts_are_append_only BEFORE UPDATE OR DELETE ON acts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
DROP = "DROP TRIGGER acts_are_append_only ON acts"


class Migration(migrations.Migration):
    dependencies = [("database", "0004_acts")]
    operations = [migrations.RunSQL(CREATE, DROP)]
