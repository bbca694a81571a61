from django.db import migrations, models

CREATE = """
CREATE FUNCTION earning_postings_refer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT posting_id FROM traced) AS given
               WHERE NOT EXISTS (SELECT FROM postings WHERE postings.id = given.posting_id))
        OR EXISTS (SELECT FROM traced
                   WHERE NOT EXISTS (SELECT FROM creator_earnings WHERE creator_earnings.id = traced.earning_id))
    THEN
        RAISE EXCEPTION 'a trace refers to no posting or earning' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER earning_postings_refer AFTER INSERT ON earning_postings
    REFERENCING NEW TABLE AS traced FOR EACH STATEMENT EXECUTE FUNCTION earning_postings_refer();
CREATE TRIGGER postings_are_append_only BEFORE UPDATE OR DELETE ON postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

DROP = """
DROP TRIGGER postings_are_append_only ON postings;
DROP TRIGGER earning_postings_refer ON earning_postings;
DROP FUNCTION earning_postings_refer();
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0008_batches_posted_so_far")]
    operations = [
        migrations.AddConstraint(
            model_name="earningposting",
            constraint=models.UniqueConstraint(
                fields=("earning", "posting"), name="posting_adds_to_an_earning_once"
            ),
        ),
        migrations.AddIndex(
            model_name="posting", index=models.Index(fields=["posted_at"], name="posting_by_time")
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
