-- The connected accounts on which money moved, or may still move: those not listed today first, of them those on which
-- money is in motion, and of them those not listed for longest. A list starts an overlap before the account's last one.
WITH involved AS (
    SELECT account, bool_or(in_motion) AS in_motion
    FROM (
        SELECT destination AS account, FALSE AS in_motion
        FROM stripe_transfers
        WHERE id NOT IN (SELECT id FROM foreign_transfers)
        UNION ALL
        SELECT destination, FALSE FROM payout_attempts WHERE last_sent_at >= (SELECT since FROM this_pass)
        UNION ALL
        SELECT attempt.destination, TRUE
        FROM payouts AS payout
        JOIN payout_attempts AS attempt ON attempt.payout_id = payout.id AND attempt.stripe_id <> ''
        WHERE payout.status IN ('in_transit', 'returned')
    ) AS moved
    GROUP BY account
)
SELECT
    account,
    least(this_pass.since, listed.listed_at - %(overlap)s) AS since,
    count(*) FILTER (WHERE is_due) OVER () AS due
FROM involved
CROSS JOIN this_pass
LEFT JOIN account_listings AS listed USING (account)
CROSS JOIN LATERAL (SELECT coalesce(listed.listed_at < %(today)s, TRUE) AS is_due) AS turn
ORDER BY is_due DESC, in_motion DESC, listed.listed_at NULLS FIRST, account
LIMIT %(at_most)s
