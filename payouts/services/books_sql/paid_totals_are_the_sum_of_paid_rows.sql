SELECT format('creator %s, API %s: paid in all %s, in paid payouts %s %s', creator_id, api_id, total, paid, currency) AS finding
FROM (
    SELECT
        creator_id,
        api_id,
        currency,
        sum(total) AS total,
        sum(paid) AS paid,
        sum(gross) AS gross
    FROM (
        SELECT creator_id, api_id, currency, net AS total, 0 AS paid, gross
        FROM paid_totals
        UNION ALL
        SELECT earning.creator_id, earning.api_id, earning.currency, 0, earning.net, -earning.gross
        FROM creator_earnings AS earning
        JOIN payouts AS payout ON payout.id = earning.payout_id
        WHERE payout.status = 'paid'
    ) AS both_sides
    GROUP BY creator_id, api_id, currency
) AS compared
WHERE total <> paid OR gross <> 0
