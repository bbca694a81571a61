from django.db import migrations

# Of what is immutable only, so that the planner puts it in place of the call.
CREATE = """
CREATE FUNCTION month_of(moment timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT date_trunc('month', moment AT TIME ZONE 'UTC')::date
$$
"""


class Migration(migrations.Migration):
    dependencies = [("database", "0002_refuse_change")]
    operations = [migrations.RunSQL(CREATE, "DROP FUNCTION month_of(timestamptz)")]
