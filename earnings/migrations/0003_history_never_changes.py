from django.db import migrations

CREATE = """
CREATE TRIGGER billing_records_are_append_only BEFORE UPDATE OR DELETE ON billing_records
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER earning_postings_are_append_only BEFORE UPDATE OR DELETE ON earning_postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER earnings_are_never_deleted BEFORE DELETE ON creator_earnings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Of a closed row only the claim may change: which payout has it, if any.
CREATE TRIGGER closed_earnings_never_change BEFORE UPDATE ON creator_earnings
    FOR EACH ROW WHEN (
        OLD.closed_at IS NOT NULL
        AND (
            OLD.creator_id, OLD.api_id, OLD.period_start, OLD.period_end, OLD.currency, OLD.commission_bps,
            OLD.gross, OLD.refunds, OLD.transactions, OLD.api_calls, OLD.description, OLD.closed_at
        ) IS DISTINCT FROM (
            NEW.creator_id, NEW.api_id, NEW.period_start, NEW.period_end, NEW.currency, NEW.commission_bps,
            NEW.gross, NEW.refunds, NEW.transactions, NEW.api_calls, NEW.description, NEW.closed_at
        )
    ) EXECUTE FUNCTION refuse_change();
"""

DROP = """
DROP TRIGGER closed_earnings_never_change ON creator_earnings;
DROP TRIGGER earnings_are_never_deleted ON creator_earnings;
DROP TRIGGER earning_postings_are_append_only ON earning_postings;
DROP TRIGGER billing_records_are_append_only ON billing_records;
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0002_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
