-- By how much more (or, negative, less) of each write-off is to be undone in each period than was booked. What was
-- earned since the latest one, up to the end of the period, first pays what the creator still owed after it; the rest
-- undoes write-offs, oldest first. If less than nothing was earned, it takes back what had been undone until then. No
-- write-off is undone in a period before its own, as only a run that claims the one may claim the other.
WITH written AS MATERIALIZED (
    SELECT
        written.id,
        written.creator_id,
        written.currency,
        written.reason,
        written.decided_at,
        written.counted_from_id,
        written.amount - written.undone_before AS amount,
        sum(written.amount - written.undone_before) OVER turn - written.amount + written.undone_before AS older,
        max(earning.period_end) OVER turn AS starts,
        lead(written.id) OVER turn IS NULL AS is_latest
    FROM adjustments AS written
    JOIN creator_earnings AS earning ON earning.id = written.earning_id
    WHERE written.kind = 'write_off' AND written.status = 'approved' AND written.creator_id IN (/* creators */)
    WINDOW turn AS (
        PARTITION BY written.creator_id, written.currency ORDER BY written.counted_from_id, written.decided_at, written.id
    )
),
booked AS MATERIALIZED (
    SELECT undoing.write_off_id AS id, earning.period_end, -sum(undoing.amount) AS amount
    FROM adjustments AS undoing
    JOIN creator_earnings AS earning ON earning.id = undoing.earning_id
    WHERE undoing.write_off_id IN (SELECT id FROM written)
    GROUP BY undoing.write_off_id, earning.period_end
),
still_owed AS (
    SELECT written.creator_id, written.currency, greatest(0, -entry.balance_after) AS amount
    FROM written
    JOIN ledger_entries AS entry ON entry.transaction_id = written.counted_from_id
    JOIN ledger_accounts AS account
        ON account.id = entry.account_id AND account.owner_id = written.creator_id AND account.kind = 'creator_payable'
    WHERE written.is_latest
),
counted AS (
    SELECT
        creator_id,
        currency,
        period_end,
        sum(sum(undone_before)) OVER so_far AS undone_before,
        sum(sum(earned)) OVER so_far AS earned
    FROM (
        SELECT written.creator_id, written.currency, since.period_end, since.undone_before, since.earned
        FROM written
        JOIN earned_since_write_offs AS since ON since.write_off_id = written.id
        WHERE written.is_latest
        UNION ALL
        SELECT creator_id, currency, starts, 0, 0 FROM written
        UNION ALL
        SELECT written.creator_id, written.currency, booked.period_end, 0, 0 FROM booked JOIN written USING (id)
    ) AS period
    GROUP BY creator_id, currency, period_end
    WINDOW so_far AS (PARTITION BY creator_id, currency ORDER BY period_end)
),
due AS (
    SELECT
        written.*,
        counted.period_end,
        CASE
            WHEN counted.period_end < written.starts THEN 0
            ELSE least(written.amount, greatest(0,
                counted.undone_before + least(0, counted.earned) + greatest(0, counted.earned - still_owed.amount)
                - written.older
            ))
        END AS undone
    FROM written
    JOIN counted USING (creator_id, currency)
    JOIN still_owed USING (creator_id, currency)
)
SELECT *
FROM (
    SELECT
        due.id AS write_off_id,
        due.creator_id,
        due.currency,
        due.reason,
        due.decided_at,
        due.period_end,
        (
            due.undone - lag(due.undone, 1, 0) OVER (PARTITION BY due.id ORDER BY due.period_end)
            - coalesce(booked.amount, 0)
        )::bigint AS amount
    FROM due
    LEFT JOIN booked USING (id, period_end)
) AS difference
WHERE amount <> 0
