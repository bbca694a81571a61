-- What a creator earned, by API and currency; adjustments have no API. APIs that were owned and earned nothing have one
-- row without a currency. With `api`, only that API. Paid amounts are already summed in paid_totals and the rest is
-- little, so the cost doesn't grow with the creator's history.
WITH creator AS (
    SELECT id FROM creators WHERE external_id = %(creator)s
),
part AS (
    SELECT api_id, currency, 0 AS month_gross, 0 AS month_net, gross, net, net AS paid, 0 AS unclaimed, last_updated
    FROM paid_totals
    WHERE creator_id = (SELECT id FROM creator)
    UNION ALL
    SELECT api_id, currency, 0, 0, gross, net, 0, net AS unclaimed, updated_at
    FROM creator_earnings
    WHERE creator_id = (SELECT id FROM creator) AND payout_id IS NULL
    UNION ALL
    SELECT earning.api_id, earning.currency, 0, 0, earning.gross, earning.net, 0, 0, earning.updated_at
    FROM payouts AS payout
    JOIN creator_earnings AS earning ON earning.payout_id = payout.id
    WHERE payout.creator_id = (SELECT id FROM creator)
        AND payout.status NOT IN ('paid', 'failed', 'cancelled', 'reversed')
    UNION ALL
    SELECT api_id, currency, gross, net, 0, 0, 0, 0, NULL
    FROM creator_earnings
    WHERE creator_id = (SELECT id FROM creator) AND period_start >= %(month)s
),
earned AS (
    SELECT
        api_id,
        currency,
        sum(month_gross)::bigint AS current_month_gross,
        sum(month_net)::bigint AS current_month_net,
        sum(gross)::bigint AS lifetime_gross,
        sum(net)::bigint AS lifetime_net,
        sum(paid)::bigint AS lifetime_payouts,
        sum(unclaimed)::bigint AS unclaimed_net,
        max(last_updated) AS last_updated
    FROM part
    WHERE %(api)s::text IS NULL OR api_id = (SELECT id FROM apis WHERE external_id = %(api)s)
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
-- One by one, by key: few of all APIs are this creator's, which the planner can't know.
LEFT JOIN LATERAL (SELECT external_id, name FROM apis WHERE apis.id = api_id LIMIT 1) AS api ON true
ORDER BY api_id DESC, earned.currency
