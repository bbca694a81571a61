from django.db import migrations

CREATE = """
CREATE TRIGGER payout_destinations_are_append_only BEFORE UPDATE OR DELETE ON payout_destinations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
DROP = "DROP TRIGGER payout_destinations_are_append_only ON payout_destinations"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0023_payout_destinations"), ("database", "0002_refuse_change")]
    operations = [migrations.RunSQL(CREATE, DROP)]
