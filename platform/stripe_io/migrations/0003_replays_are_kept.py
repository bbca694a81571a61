from django.db import migrations

CREATE = """
CREATE TRIGGER stripe_replays_are_append_only BEFORE UPDATE OR DELETE ON stripe_replays
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


class Migration(migrations.Migration):
    dependencies = [("stripe_io", "0002_replays"), ("database", "0002_refuse_change")]
    operations = [migrations.RunSQL(CREATE, "DROP TRIGGER stripe_replays_are_append_only ON stripe_replays")]
