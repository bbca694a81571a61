from django.db import migrations

CREATE = """
CREATE TRIGGER ledger_transactions_are_append_only BEFORE UPDATE OR DELETE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_are_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Each INSERT of entries must balance by itself, so every transaction does, and nothing is read back.
CREATE FUNCTION ledger_refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unbalanced record;
BEGIN
    SELECT transaction_id, currency, sum(amount) AS difference INTO unbalanced
    FROM entry GROUP BY transaction_id, currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger transaction % is off by % % minor units',
            unbalanced.transaction_id, unbalanced.difference, unbalanced.currency
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    REFERENCING NEW TABLE AS entry FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_unbalanced();
"""

DROP = """
DROP TRIGGER ledger_entries_balance ON ledger_entries;
DROP TRIGGER ledger_entries_are_append_only ON ledger_entries;
DROP TRIGGER ledger_transactions_are_append_only ON ledger_transactions;
DROP FUNCTION ledger_refuse_unbalanced();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("database", "0002_refuse_change")]
    operations = [migrations.RunSQL(CREATE, DROP)]
