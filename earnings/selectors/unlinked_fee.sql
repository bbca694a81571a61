-- How much a record changes the platform fee of the earning that it is added to, which rounds as a whole.
SELECT
    (round((coalesce(sum(gross), 0) + %(gross)s)::numeric * %(bps)s / 10000) - coalesce(sum(platform_fee), 0))::bigint
        AS fee
FROM creator_earnings
WHERE creator_id = %(creator)s
    AND api_id = %(api)s
    AND currency = %(currency)s
    AND period_start = %(start)s
    AND period_end = %(end)s
    AND commission_bps = %(bps)s
    AND closed_at IS NULL
