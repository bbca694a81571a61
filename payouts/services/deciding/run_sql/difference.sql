-- How much more is claimed than was sent; negative if it is less.
SELECT creator_id, currency, net - %(amount)s AS amount, period_end
FROM run_decision
WHERE net <> %(amount)s
