-- How much more than the amount that was sent is claimed; negative if it is less.
SELECT creator_id, currency, net - %(amount)s AS amount, period_end
FROM run_decision
WHERE net <> %(amount)s
