WITH half AS MATERIALIZED (
    SELECT
        carried.creator_id, carried.currency, half.amount, half.period_end, half.is_taken, uuid7() AS id,
        uuid7() AS earning_id
    FROM ({carried}) AS carried
    CROSS JOIN LATERAL (
        VALUES (-carried.amount, carried.period_end, TRUE), (carried.amount, %(cutoff)s::date + 1, FALSE)
    ) AS half (amount, period_end, is_taken)
),
booked AS (
    INSERT INTO creator_earnings (
        id, creator_id, period_start, period_end, currency, commission_bps, gross, previous_platform_fee, refunds,
        transactions, api_calls, description, closed_at, created_at, updated_at
    )
    SELECT
        earning_id, creator_id, period_end - 1, period_end, currency, 0, amount, 0, 0,
        0, 0, %(label)s, %(now)s, %(now)s, %(now)s
    FROM half
),
adjusted AS (
    INSERT INTO adjustments (
        id, creator_id, currency, amount, kind, reason, status, proposed_by, proposed_at, decided_by, decided_at,
        earning_id
    )
    SELECT
        id, creator_id, currency, amount, 'carried_over', %(why)s, 'approved', 'system', %(now)s, 'system', %(now)s,
        earning_id
    FROM half
)
SELECT id, earning_id, is_taken FROM half
