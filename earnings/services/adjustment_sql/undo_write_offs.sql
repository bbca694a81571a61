-- What is unclaimed, summed up period by period, first pays back what was given up: at the end of each period, as much
-- as the balance has reached by then.
WITH given_up AS (
    SELECT creator_id, currency, sum(amount)::bigint AS amount
    FROM adjustments
    WHERE kind IN ('write_off', 'write_off_undone') AND status = 'approved'
        AND creator_id IN (/* creators */)
    GROUP BY creator_id, currency
    HAVING sum(amount) > 0
),
standing AS (
    SELECT
        earning.creator_id,
        earning.currency,
        earning.period_end,
        sum(sum(earning.net)) OVER (
            PARTITION BY earning.creator_id, earning.currency ORDER BY earning.period_end
        )::bigint AS balance
    FROM creator_earnings AS earning
    JOIN given_up USING (creator_id, currency)
    WHERE earning.payout_id IS NULL
    GROUP BY earning.creator_id, earning.currency, earning.period_end
),
reached AS (
    SELECT
        standing.*,
        least(
            given_up.amount,
            greatest(0, max(standing.balance) OVER (PARTITION BY creator_id, currency ORDER BY standing.period_end))
        ) AS undone
    FROM standing
    JOIN given_up USING (creator_id, currency)
),
undone AS MATERIALIZED (
    SELECT
        uuid7() AS id,
        uuid7() AS earning_id,
        creator_id,
        currency,
        period_end,
        undone - lag(undone, 1, 0::bigint) OVER (PARTITION BY creator_id, currency ORDER BY period_end) AS amount
    FROM reached
),
booked AS (
    INSERT INTO creator_earnings (
        id, creator_id, period_start, period_end, currency, commission_bps, gross, previous_platform_fee, refunds,
        transactions, api_calls, description, closed_at, created_at, updated_at
    )
    SELECT
        earning_id, creator_id, period_end - 1, period_end, currency, 0, -amount, 0, 0,
        0, 0, 'Write-off undone by later earnings', %(now)s, %(now)s, %(now)s
    FROM undone
    WHERE amount > 0
)
INSERT INTO adjustments (
    id, creator_id, currency, amount, kind, reason, status, proposed_by, proposed_at, decided_by, decided_at, earning_id
)
SELECT
    id, creator_id, currency, -amount, 'write_off_undone', 'The creator has earned since.', 'approved',
    'system', %(now)s, 'system', %(now)s, earning_id
FROM undone
WHERE amount > 0
RETURNING id
