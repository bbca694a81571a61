UPDATE creator_earnings AS earning
SET payout_id = decision.payout_id, closed_at = coalesce(earning.closed_at, %(now)s)
FROM run_claim AS claim
JOIN run_decision AS decision USING (creator_id, currency)
WHERE earning.id = claim.earning_id AND decision.payout_id IS NOT NULL
