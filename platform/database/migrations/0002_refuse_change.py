from django.db import migrations

CREATE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% in % is history: it is corrected by something new, never changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("database", "0001_uuid7")]
    operations = [migrations.RunSQL(CREATE, "DROP FUNCTION refuse_change()")]
