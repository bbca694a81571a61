-- What a creator earned, per API and currency; adjustments have no API. And a row without a currency for each API that
-- was owned and earned nothing. With `api`, that API only.
WITH creator AS (
    SELECT id FROM creators WHERE external_id = %(creator)s
),
earned AS (
    SELECT
        api_id,
        currency,
        coalesce(sum(gross) FILTER (WHERE period_start >= %(month)s), 0)::bigint AS current_month_gross,
        coalesce(sum(net) FILTER (WHERE period_start >= %(month)s), 0)::bigint AS current_month_net,
        sum(gross)::bigint AS lifetime_gross,
        sum(net)::bigint AS lifetime_net,
        coalesce(sum(net) FILTER (WHERE payout_id IN (
            SELECT id FROM payouts WHERE payouts.creator_id = (SELECT id FROM creator) AND payouts.status = 'paid'
        )), 0)::bigint AS lifetime_payouts,
        coalesce(sum(net) FILTER (WHERE payout_id IS NULL), 0)::bigint AS unclaimed_net,
        max(updated_at) AS last_updated
    FROM creator_earnings
    -- As an array, for which the planner expects more rows than an average creator's, and hashes instead of sorting.
    WHERE creator_id = ANY (ARRAY (SELECT id FROM creator))
        AND (%(api)s::text IS NULL OR api_id = (SELECT id FROM apis WHERE external_id = %(api)s))
    GROUP BY api_id, currency
),
owned AS (
    SELECT DISTINCT api_id
    FROM api_ownerships
    WHERE creator_id = (SELECT id FROM creator)
        AND (%(api)s::text IS NULL OR api_id = (SELECT id FROM apis WHERE external_id = %(api)s))
)
SELECT
    api.external_id AS api_id,
    api.name AS api_name,
    earned.currency,
    earned.current_month_gross,
    earned.current_month_net,
    earned.lifetime_gross,
    earned.lifetime_net,
    earned.lifetime_payouts,
    earned.unclaimed_net,
    earned.last_updated
FROM earned
FULL JOIN owned USING (api_id)
-- One by one, by key: however many APIs there are, few are this creator's, which the planner can't know.
LEFT JOIN LATERAL (SELECT external_id, name FROM apis WHERE apis.id = api_id LIMIT 1) AS api ON true
ORDER BY api_id DESC, earned.currency
