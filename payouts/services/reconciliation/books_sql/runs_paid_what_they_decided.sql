-- A run's payouts are those it decided to make, with the amounts it decided on. Every live payout has its decision.
SELECT format(
    'decision %s: %s of %s, payout %s of %s',
    decision.id, decision.reason, decision.amount, payout.id, payout.net_amount
) AS finding
FROM (SELECT * FROM payout_run_decisions WHERE run_id IN ({runs})) AS decision
FULL JOIN (
    SELECT * FROM payouts WHERE run_id IN ({runs})
    UNION ALL
    SELECT * FROM payouts WHERE run_id IS NULL
) AS payout ON payout.id = decision.payout_id
WHERE (
        decision.reason = 'paid'
        OR decision.payout_id IS NOT NULL
        OR payout.status NOT IN ('failed', 'cancelled', 'reversed')
    )
    AND (decision.reason, decision.run_id, decision.creator_id, decision.currency, decision.amount)
        IS DISTINCT FROM ('paid', payout.run_id, payout.creator_id, payout.currency, payout.net_amount)
