-- Add the sums of a payout's earnings, or subtract them (`sign` -1).
INSERT INTO paid_totals AS total (creator_id, api_id, currency, gross, net, last_updated)
SELECT
    creator_id, api_id, currency, %(sign)s * sum(gross)::bigint, %(sign)s * sum(net)::bigint, max(updated_at)
FROM creator_earnings
WHERE payout_id = %(payout)s
GROUP BY creator_id, api_id, currency
ORDER BY creator_id, api_id, currency
ON CONFLICT (creator_id, api_id, currency) DO UPDATE SET
    gross = total.gross + excluded.gross,
    net = total.net + excluded.net,
    last_updated = greatest(total.last_updated, excluded.last_updated)
