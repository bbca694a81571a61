INSERT INTO payout_run_decisions (run_id, creator_id, currency, reason, amount, payout_id, detail, decided_at)
SELECT %(run)s, creator_id, currency, reason, net, payout_id, '', %(now)s
FROM run_decision
ORDER BY creator_id, currency
ON CONFLICT (run_id, creator_id, currency) DO UPDATE
SET reason = excluded.reason,
    amount = excluded.amount,
    payout_id = excluded.payout_id,
    detail = excluded.detail,
    decided_at = excluded.decided_at
