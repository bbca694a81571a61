-- The rows that the run's payouts claim.
SELECT claim.earning_id, decision.payout_id
FROM run_claim AS claim
JOIN run_decision AS decision USING (creator_id, currency)
WHERE decision.payout_id IS NOT NULL
