-- What is over in each payout, as Stripe takes its currency only in steps.
SELECT decision.creator_id, decision.currency, mod(decision.net, step.amount) AS amount, decision.period_end
FROM run_decision AS decision
JOIN unnest(%(stepped)s::text[], %(steps)s::bigint[]) AS step (currency, amount) USING (currency)
WHERE decision.payout_id IS NOT NULL AND mod(decision.net, step.amount) <> 0
