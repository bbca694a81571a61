-- What counts towards a write-off is what the ledger says was earned between it and the creator's next one. What counts
-- as undone before it is what had been undone by then.
WITH span AS MATERIALIZED (
    SELECT
        id AS write_off_id,
        creator_id,
        currency,
        counted_from_id AS after,
        lead(counted_from_id) OVER (PARTITION BY creator_id, currency ORDER BY counted_from_id, decided_at, id) AS until
    FROM adjustments
    WHERE kind = 'write_off' AND status = 'approved'
),
booked AS MATERIALIZED (
    SELECT account.owner_id AS creator_id, account.currency, booking.id, booking.kind, booking.source_key, entry.amount
    FROM ledger_accounts AS account
    JOIN ledger_entries AS entry ON entry.account_id = account.id
    JOIN ledger_transactions AS booking ON booking.id = entry.transaction_id
    WHERE account.kind = 'creator_payable'
        AND booking.kind IN ('earnings_posted', 'adjustment')
        AND account.owner_id IN (SELECT creator_id FROM span)
),
counted AS (
    SELECT
        span.write_off_id,
        coalesce(sum(booked.amount) FILTER (
            WHERE booked.id > span.after
                AND (span.until IS NULL OR booked.id < span.until)
                AND (booked.kind = 'earnings_posted' OR adjustment.counts_as_earned)
        ), 0) AS earned,
        coalesce(-sum(booked.amount) FILTER (
            WHERE booked.id <= span.after AND adjustment.write_off_id IS NOT NULL
        ), 0) AS undone
    FROM span
    LEFT JOIN booked USING (creator_id, currency)
    LEFT JOIN adjustments AS adjustment ON booked.source_key = 'adjustment:' || adjustment.id
    GROUP BY span.write_off_id
)
SELECT format(
    'write-off %s: earned since %s, undone before %s, booked %s and %s',
    write_off_id, coalesce(since.earned, 0), coalesce(since.undone, 0), counted.earned, counted.undone
) AS finding
FROM counted
FULL JOIN (
    SELECT write_off_id, sum(earned) AS earned, sum(undone_before) AS undone
    FROM earned_since_write_offs
    GROUP BY write_off_id
) AS since USING (write_off_id)
WHERE (coalesce(since.earned, 0), coalesce(since.undone, 0)) IS DISTINCT FROM (counted.earned, counted.undone)
