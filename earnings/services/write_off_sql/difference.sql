-- How much more (or, negative, less) of each write-off must be undone in each period than is booked. What was earned
-- since the latest write-off, up to the end of the period, first pays what the creator still owed after it. The rest
-- undoes write-offs, oldest first. If the sum is negative, it restores what had been undone before. A write-off is
-- never undone in a period before its own: no run may claim the undoing without the write-off.
WITH written AS MATERIALIZED (
    SELECT
        written.id,
        written.creator_id,
        written.currency,
        written.reason,
        written.decided_at,
        written.amount - written.undone_before AS amount,
        sum(written.amount - written.undone_before) OVER in_order - written.amount + written.undone_before AS older,
        max(earning.period_end) OVER in_order AS starts,
        lead(written.id) OVER in_order IS NULL AS is_latest,
        (
            SELECT greatest(0, -entry.balance_after)
            FROM ledger_entries AS entry
            JOIN ledger_accounts AS account ON account.id = entry.account_id
            WHERE entry.transaction_id = written.counted_from_id
                AND account.owner_id = written.creator_id
                AND account.kind = 'creator_payable'
        ) AS still_owed
    FROM adjustments AS written
    JOIN creator_earnings AS earning ON earning.id = written.earning_id
    WHERE written.kind = 'write_off' AND written.status = 'approved' AND written.creator_id = ANY(%(creators)s::uuid[])
    WINDOW in_order AS (
        PARTITION BY written.creator_id, written.currency
        ORDER BY written.counted_from_id, written.decided_at, written.id
    )
),
booked AS MATERIALIZED (
    SELECT
        undoing.write_off_id AS id,
        undoing.creator_id,
        undoing.currency,
        earning.period_end,
        -sum(undoing.amount) AS amount
    FROM adjustments AS undoing
    JOIN creator_earnings AS earning ON earning.id = undoing.earning_id
    WHERE undoing.write_off_id IN (SELECT id FROM written)
    GROUP BY undoing.write_off_id, undoing.creator_id, undoing.currency, earning.period_end
),
counted AS MATERIALIZED (
    SELECT
        creator_id,
        currency,
        period_end,
        sum(sum(undone_before)) OVER so_far AS undone_before,
        sum(sum(earned)) OVER so_far AS earned,
        max(max(still_owed)) OVER (PARTITION BY creator_id, currency) AS still_owed
    FROM (
        SELECT
            written.creator_id, written.currency, since.period_end, since.undone_before, since.earned, 0 AS still_owed
        FROM written
        JOIN earned_since_write_offs AS since ON since.write_off_id = written.id
        WHERE written.is_latest
        UNION ALL
        SELECT creator_id, currency, starts, 0, 0, CASE WHEN is_latest THEN still_owed END FROM written
        UNION ALL
        SELECT creator_id, currency, period_end, 0, 0, 0 FROM booked
    ) AS period
    GROUP BY creator_id, currency, period_end
    WINDOW so_far AS (PARTITION BY creator_id, currency ORDER BY period_end)
),
-- Every row has a match, here and below. Without fresh statistics, an inner join could be planned as a nested loop.
due AS (
    SELECT
        written.id,
        creator_id,
        currency,
        written.reason,
        written.decided_at,
        counted.period_end,
        CASE
            WHEN counted.period_end < written.starts THEN 0
            ELSE least(written.amount, greatest(0,
                counted.undone_before + least(0, counted.earned) + greatest(0, counted.earned - counted.still_owed)
                - written.older
            ))
        END AS undone
    FROM written
    FULL JOIN counted USING (creator_id, currency)
)
SELECT *
FROM (
    SELECT
        id AS write_off_id,
        due.creator_id,
        due.currency,
        due.reason,
        due.decided_at,
        period_end,
        (
            due.undone - lag(due.undone, 1, 0) OVER (PARTITION BY id ORDER BY period_end) - coalesce(booked.amount, 0)
        )::bigint AS amount
    FROM due
    FULL JOIN booked USING (id, period_end)
) AS difference
WHERE amount <> 0
