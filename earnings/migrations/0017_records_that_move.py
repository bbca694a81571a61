from django.db import migrations

CREATE = """
DROP TRIGGER billing_records_are_append_only ON billing_records;

-- A record never changes. As long as its batch is not posted, it may move to another batch of its source that isn't
-- either; and it may leave a batch that is set aside, but only into quarantine.
CREATE FUNCTION billing_records_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'batch_id' = to_jsonb(OLD) - 'batch_id'
            AND (
                SELECT count(*) FROM billing_batches AS batch
                WHERE batch.id IN (OLD.batch_id, NEW.batch_id)
                    AND batch.posted_at IS NULL
                    AND batch.source_id = OLD.source_id
            ) = 2
        THEN
            RETURN NEW;
        END IF;
    ELSIF EXISTS (
            SELECT FROM billing_batches AS batch
            WHERE batch.id = OLD.batch_id AND batch.set_aside_at IS NOT NULL
        )
        AND EXISTS (
            SELECT FROM quarantined_records AS held
            WHERE held.source_id = OLD.source_id AND held.record_id = OLD.record_id AND held.resolved_at IS NULL
        )
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% in billing_records is history: it is corrected by something new, never changed', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER billing_records_are_append_only BEFORE UPDATE OR DELETE ON billing_records
    FOR EACH ROW EXECUTE FUNCTION billing_records_stay();
"""

DROP = """
DROP TRIGGER billing_records_are_append_only ON billing_records;
DROP FUNCTION billing_records_stay();
CREATE TRIGGER billing_records_are_append_only BEFORE UPDATE OR DELETE ON billing_records
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0016_batch_constraints")]
    operations = [migrations.RunSQL(CREATE, DROP)]
