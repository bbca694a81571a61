from django.db import migrations

# Undoings so far named no write-off: they are assigned to the oldest ones, and stay. From now on, earnings count towards
# what is left.
SO_FAR = """
UPDATE adjustments SET counts_as_earned = TRUE
WHERE kind IN ('unexpected_transfer', 'unexpected_transfer_reversed') OR (kind = 'correction' AND amount < 0);

WITH undone AS (
    SELECT creator_id, currency, -sum(amount) AS amount
    FROM adjustments
    WHERE kind = 'write_off_undone' AND status = 'approved'
    GROUP BY creator_id, currency
),
written AS (
    SELECT
        id, creator_id, currency, amount,
        sum(amount) OVER (PARTITION BY creator_id, currency ORDER BY decided_at, id) - amount AS older
    FROM adjustments
    WHERE kind = 'write_off' AND status = 'approved'
),
booked AS (
    SELECT account.owner_id AS creator_id, account.currency, max(entry.transaction_id) AS last
    FROM ledger_accounts AS account
    JOIN ledger_entries AS entry ON entry.account_id = account.id
    WHERE account.kind = 'creator_payable' AND account.owner_id IN (SELECT creator_id FROM written)
    GROUP BY account.owner_id, account.currency
)
UPDATE adjustments AS adjustment
SET counted_from_id = booked.last,
    undone_before = least(written.amount, greatest(0, coalesce(undone.amount, 0) - written.older))
FROM written
JOIN booked USING (creator_id, currency)
LEFT JOIN undone USING (creator_id, currency)
WHERE adjustment.id = written.id;
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0030_undoings_by_write_off")]
    operations = [migrations.RunSQL(SO_FAR, migrations.RunSQL.noop)]
