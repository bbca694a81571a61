from django.db import migrations

CREATE = """
CREATE TRIGGER payout_line_items_are_append_only BEFORE UPDATE OR DELETE ON payout_line_items
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_events_are_append_only BEFORE UPDATE OR DELETE ON payout_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payouts_are_never_deleted BEFORE DELETE ON payouts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_attempts_are_never_deleted BEFORE DELETE ON payout_attempts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER payouts_keep_their_amounts BEFORE UPDATE ON payouts
    FOR EACH ROW WHEN (
        (OLD.creator_id, OLD.run_id, OLD.currency, OLD.gross_amount, OLD.platform_fee, OLD.net_amount)
        IS DISTINCT FROM
        (NEW.creator_id, NEW.run_id, NEW.currency, NEW.gross_amount, NEW.platform_fee, NEW.net_amount)
    ) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_attempts_keep_what_they_send BEFORE UPDATE ON payout_attempts
    FOR EACH ROW WHEN (
        (OLD.payout_id, OLD.kind, OLD.idempotency_key, OLD.destination, OLD.amount, OLD.currency)
        IS DISTINCT FROM
        (NEW.payout_id, NEW.kind, NEW.idempotency_key, NEW.destination, NEW.amount, NEW.currency)
    ) EXECUTE FUNCTION refuse_change();
"""

DROP = """
DROP TRIGGER payout_attempts_keep_what_they_send ON payout_attempts;
DROP TRIGGER payouts_keep_their_amounts ON payouts;
DROP TRIGGER payout_attempts_are_never_deleted ON payout_attempts;
DROP TRIGGER payouts_are_never_deleted ON payouts;
DROP TRIGGER payout_events_are_append_only ON payout_events;
DROP TRIGGER payout_line_items_are_append_only ON payout_line_items;
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
