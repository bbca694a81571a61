-- Claim the earnings that take the remainders from their payouts.
WITH taken AS (
    INSERT INTO run_claim
    SELECT
        id, creator_id, api_id, description, currency, period_start, period_end, commission_bps, gross, platform_fee,
        net, api_calls
    FROM creator_earnings
    WHERE id = ANY(%(taken)s)
    RETURNING creator_id, currency, gross, net
)
UPDATE run_decision AS decision
SET gross = decision.gross + taken.gross, net = decision.net + taken.net
FROM taken
WHERE decision.creator_id = taken.creator_id AND decision.currency = taken.currency
