import database.models
from django.db import migrations, models

CREATE = r"""
CREATE FUNCTION digest_of_acts(sealed date, previous text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(
        sha256(
            convert_to(
                previous || coalesce(
                    string_agg(
                        jsonb_build_array(
                            id, extract(epoch FROM at)::text, user_id, actor, via, kind, subject_table, subject_id,
                            creator_id, payout_id, reason, before, after, host(address), request_id
                        )::text,
                        E'\n' ORDER BY id
                    ),
                    ''
                ),
                'UTF8'
            )
        ),
        'hex'
    )
    FROM acts
    WHERE at >= sealed::timestamp AT TIME ZONE 'UTC' AND at < (sealed + 1)::timestamp AT TIME ZONE 'UTC'
$$;
CREATE TRIGGER act_seals_are_append_only BEFORE UPDATE OR DELETE ON act_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
DROP = """
DROP TRIGGER act_seals_are_append_only ON act_seals;
DROP FUNCTION digest_of_acts(date, text);
"""


class Migration(migrations.Migration):
    dependencies = [("database", "0005_acts_are_append_only")]
    operations = [
        migrations.CreateModel(
            name="ActSeal",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("acts", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField(db_default=database.models.clock())),
            ],
            options={"db_table": "act_seals"},
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
