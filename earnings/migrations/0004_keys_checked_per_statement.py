from django.db import migrations

CREATE = """
CREATE TRIGGER apis_are_never_deleted BEFORE DELETE ON apis
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER billing_sources_are_never_deleted BEFORE DELETE ON billing_sources
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER billing_batches_are_never_deleted BEFORE DELETE ON billing_batches
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER creators_are_never_deleted BEFORE DELETE ON creators
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A record's batch is written last, by the same transaction, once it is known what came of the batch.
CREATE FUNCTION billing_records_refer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT api_id FROM entered) AS given
               WHERE NOT EXISTS (SELECT FROM apis WHERE apis.id = given.api_id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT creator_id FROM entered) AS given
                   WHERE NOT EXISTS (SELECT FROM creators WHERE creators.id = given.creator_id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT source_id FROM entered) AS given
                   WHERE NOT EXISTS (SELECT FROM billing_sources WHERE billing_sources.id = given.source_id))
    THEN
        RAISE EXCEPTION 'a billing record refers to no API, creator or source' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER billing_records_refer AFTER INSERT ON billing_records
    REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION billing_records_refer();

CREATE FUNCTION earning_postings_refer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT batch_id FROM posted) AS given
               WHERE NOT EXISTS (SELECT FROM billing_batches WHERE billing_batches.id = given.batch_id))
        OR EXISTS (SELECT FROM (SELECT DISTINCT earning_id FROM posted) AS given
                   WHERE NOT EXISTS (SELECT FROM creator_earnings WHERE creator_earnings.id = given.earning_id))
    THEN
        RAISE EXCEPTION 'a posting refers to no batch or earning' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER earning_postings_refer AFTER INSERT ON earning_postings
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION earning_postings_refer();
"""

DROP = """
DROP TRIGGER earning_postings_refer ON earning_postings;
DROP FUNCTION earning_postings_refer();
DROP TRIGGER billing_records_refer ON billing_records;
DROP FUNCTION billing_records_refer();
DROP TRIGGER creators_are_never_deleted ON creators;
DROP TRIGGER billing_batches_are_never_deleted ON billing_batches;
DROP TRIGGER billing_sources_are_never_deleted ON billing_sources;
DROP TRIGGER apis_are_never_deleted ON apis;
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0003_history_never_changes")]
    operations = [migrations.RunSQL(CREATE, DROP)]
