-- Lock the claimable rows in the order in which posting locks them. The lock waits for a refund that is being posted,
-- and the row is then read with it.
INSERT INTO run_claim
SELECT
    earning.id, earning.creator_id, earning.api_id, earning.description, earning.currency, earning.period_start,
    earning.period_end, earning.commission_bps, earning.gross, earning.platform_fee, earning.net, earning.api_calls
FROM creator_earnings AS earning
WHERE earning.payout_id IS NULL
    AND earning.creator_id = ANY(%(creators)s)
    AND {claimable}
    AND (%(currency)s::text IS NULL OR earning.currency = %(currency)s)
ORDER BY
    earning.creator_id, earning.api_id, earning.currency, earning.period_start, earning.commission_bps, earning.id
FOR NO KEY UPDATE
