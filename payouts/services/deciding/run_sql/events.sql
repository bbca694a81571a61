INSERT INTO payout_events (payout_id, from_status, to_status, actor, reason, at)
SELECT payout_id, '', 'pending', %(actor)s, %(reason)s, %(now)s
FROM run_decision
WHERE payout_id IS NOT NULL
ORDER BY payout_id
