WITH difference AS MATERIALIZED (
    SELECT
        difference.*,
        uuid7() AS id,
        uuid7() AS earning_id,
        to_char(decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') || ' (' || reason || ')' AS written,
        amount > 0 AS is_undone
    FROM ({difference}) AS difference
),
booked AS (
    INSERT INTO creator_earnings (
        id, creator_id, period_start, period_end, currency, commission_bps, gross, previous_platform_fee, refunds,
        transactions, api_calls, description, closed_at, created_at, updated_at
    )
    SELECT
        earning_id, creator_id, period_end - 1, period_end, currency, 0, -amount, 0, 0,
        0, 0, CASE WHEN is_undone THEN %(undone)s ELSE %(restored)s END, %(now)s, %(now)s, %(now)s
    FROM difference
)
INSERT INTO adjustments (
    id, creator_id, currency, amount, kind, write_off_id, reason, status, proposed_by, proposed_at, decided_by,
    decided_at, earning_id
)
SELECT
    id, creator_id, currency, -amount, CASE WHEN is_undone THEN 'write_off_undone' ELSE 'write_off_restored' END,
    write_off_id,
    CASE
        WHEN is_undone THEN 'Later earnings undo the write-off of ' || written
        ELSE 'Refunds, or earnings in an earlier month, restore the write-off of ' || written
    END,
    'approved', 'system', %(now)s, 'system', %(now)s, earning_id
FROM difference
RETURNING id
