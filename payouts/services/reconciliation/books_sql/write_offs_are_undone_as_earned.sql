-- A creator's write-offs are undone, oldest first, by what was earned since the latest one, beyond what they still owed
-- after it. What was lost since restores what had been undone before.
WITH written AS MATERIALIZED (
    SELECT
        id,
        creator_id,
        currency,
        counted_from_id,
        amount - undone_before AS amount,
        sum(amount - undone_before) OVER turn AS up_to,
        lead(id) OVER turn IS NULL AS is_latest
    FROM adjustments
    WHERE kind = 'write_off' AND status = 'approved'
    WINDOW turn AS (PARTITION BY creator_id, currency ORDER BY counted_from_id, decided_at, id)
),
balance AS (
    SELECT account.owner_id AS creator_id, account.currency, entry.transaction_id, entry.balance_after
    FROM ledger_accounts AS account
    JOIN ledger_entries AS entry ON entry.account_id = account.id
    WHERE account.kind = 'creator_payable'
),
recovered AS (
    SELECT
        written.creator_id,
        written.currency,
        sum(since.undone_before) + least(0, sum(since.earned))
        + greatest(0, sum(since.earned) - greatest(0, -balance.balance_after)) AS amount
    FROM written
    JOIN earned_since_write_offs AS since ON since.write_off_id = written.id
    LEFT JOIN balance
        ON balance.creator_id = written.creator_id
        AND balance.currency = written.currency
        AND balance.transaction_id = written.counted_from_id
    WHERE written.is_latest
    GROUP BY written.creator_id, written.currency, balance.balance_after
)
SELECT format(
    'write-off %s: undone %s, earned %s', written.id, coalesce(undone.amount, 0), coalesce(recovered.amount, 0)
) AS finding
FROM written
LEFT JOIN recovered USING (creator_id, currency)
LEFT JOIN (
    SELECT write_off_id AS id, -sum(amount) AS amount
    FROM adjustments
    WHERE write_off_id IS NOT NULL AND status = 'approved'
    GROUP BY write_off_id
) AS undone USING (id)
WHERE coalesce(undone.amount, 0) IS DISTINCT FROM least(
    written.amount, greatest(0, coalesce(recovered.amount, 0) - written.up_to + written.amount)
)
