-- The connected accounts on which money moved, or may still move.
SELECT destination AS account FROM stripe_transfers WHERE id NOT IN (SELECT id FROM foreign_transfers)
UNION
SELECT destination FROM payout_attempts WHERE last_sent_at >= (SELECT since FROM this_pass)
UNION
SELECT attempt.destination
FROM payouts AS payout
JOIN payout_attempts AS attempt ON attempt.payout_id = payout.id AND attempt.stripe_id <> ''
WHERE payout.status IN ('in_transit', 'returned')
