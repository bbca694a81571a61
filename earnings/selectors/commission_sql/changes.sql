-- What each API earned each creator in a period, with its rate at a moment, and its rate if that of one API, of one
-- creator or the default changed. Only rows whose rate would change.
WITH current_rate AS MATERIALIZED (
    SELECT DISTINCT ON (creator_id, api_id) creator_id, api_id, bps
    FROM commission_rates
    WHERE effective_from <= %(at)s
    ORDER BY creator_id, api_id, effective_from DESC, id DESC
),
by_default AS MATERIALIZED (
    SELECT bps FROM current_rate WHERE creator_id IS NULL AND api_id IS NULL
),
sold AS (
    SELECT creator_id, api_id, currency, sum(gross)::bigint AS gross
    FROM creator_earnings
    WHERE period_start >= %(start)s
        AND period_start < %(end)s
        AND api_id IS NOT NULL
        AND (%(api)s::uuid IS NULL OR api_id = %(api)s)
        AND (%(creator)s::uuid IS NULL OR creator_id = %(creator)s)
    GROUP BY creator_id, api_id, currency
),
rated AS (
    SELECT
        sold.*,
        coalesce(of_api.bps, of_creator.bps, by_default.bps) AS bps_before,
        CASE
            WHEN %(api)s::uuid IS NOT NULL THEN coalesce(%(bps)s::integer, of_creator.bps, by_default.bps)
            WHEN %(creator)s::uuid IS NOT NULL THEN coalesce(of_api.bps, %(bps)s::integer, by_default.bps)
            ELSE coalesce(of_api.bps, of_creator.bps, %(bps)s::integer)
        END AS bps_after
    FROM sold
    LEFT JOIN current_rate AS of_api ON of_api.api_id = sold.api_id
    LEFT JOIN current_rate AS of_creator ON of_creator.creator_id = sold.creator_id
    LEFT JOIN by_default ON true
)
SELECT
    creator_id,
    api_id,
    currency,
    gross,
    bps_before,
    bps_after,
    round(gross::numeric * bps_before / 10000)::bigint AS fee_before,
    round(gross::numeric * bps_after / 10000)::bigint AS fee_after
FROM rated
WHERE bps_before <> bps_after
