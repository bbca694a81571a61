from django.db import migrations, models

# An aggregate over the records that name a charge, in order: how much is refunded and charged back. A record that
# doesn't fit changes nothing, unless it is already accepted.
CREATE = """
CREATE TYPE charge_state AS (refunded bigint, charged_back bigint, fits boolean);

CREATE FUNCTION take_back_next(
    before charge_state, first_refunded bigint, first_charged_back bigint, charged bigint, kind text, amount bigint,
    is_in boolean
) RETURNS charge_state LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    refunded bigint := coalesce(before.refunded, first_refunded);
    charged_back bigint := coalesce(before.charged_back, first_charged_back);
    more_refunded bigint := CASE kind WHEN 'refund' THEN amount WHEN 'refund_reversal' THEN -amount ELSE 0 END;
    more_charged_back bigint :=
        CASE kind WHEN 'chargeback' THEN amount WHEN 'chargeback_reversal' THEN -amount ELSE 0 END;
BEGIN
    IF is_in OR (
        refunded + more_refunded >= 0
        AND charged_back + more_charged_back >= 0
        AND refunded + more_refunded + charged_back + more_charged_back <= charged
    ) THEN
        RETURN (refunded + more_refunded, charged_back + more_charged_back, true);
    END IF;
    RETURN (refunded, charged_back, false);
END
$$;

CREATE AGGREGATE take_back(
    first_refunded bigint, first_charged_back bigint, charged bigint, kind text, amount bigint, is_in boolean
) (SFUNC = take_back_next, STYPE = charge_state);
"""
DROP = """
DROP AGGREGATE take_back(bigint, bigint, bigint, text, bigint, boolean);
DROP FUNCTION take_back_next(charge_state, bigint, bigint, bigint, text, bigint, boolean);
DROP TYPE charge_state;
"""
FILL = """
UPDATE charge_takebacks AS takeback
SET refunded = taken.refunded, charged_back = taken.charged_back
FROM (
    SELECT
        charge.id,
        coalesce(sum(CASE record.kind WHEN 'refund' THEN record.amount ELSE -record.amount END)
            FILTER (WHERE record.kind IN ('refund', 'refund_reversal')), 0) AS refunded,
        coalesce(sum(CASE record.kind WHEN 'chargeback' THEN record.amount ELSE -record.amount END)
            FILTER (WHERE record.kind IN ('chargeback', 'chargeback_reversal')), 0) AS charged_back
    FROM billing_records AS record
    JOIN billing_records AS charge
        ON charge.source_id = record.source_id AND charge.record_id = record.related_record_id AND charge.kind = 'charge'
    WHERE record.related_record_id <> ''
    GROUP BY charge.id
) AS taken
WHERE takeback.charge_id = taken.id
"""
SUM = "UPDATE charge_takebacks SET taken_back = greatest(0, least(amount, refunded + charged_back))"


class Migration(migrations.Migration):
    dependencies = [("earnings", "0025_assign_apis_to_the_only_source")]
    operations = [
        migrations.RunSQL(CREATE, DROP),
        migrations.RemoveConstraint(model_name="chargetakeback", name="no_more_than_the_charge"),
        migrations.AddField(
            model_name="chargetakeback", name="refunded", field=models.BigIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="chargetakeback", name="charged_back", field=models.BigIntegerField(default=0)
        ),
        migrations.RunSQL(FILL, SUM),
        migrations.RemoveField(model_name="chargetakeback", name="taken_back"),
    ]
