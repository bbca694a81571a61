-- What our side, or an open difference, speaks of and no list has shown: Stripe is asked for each by its id.
SELECT id, max(account) AS account
FROM (
    SELECT stripe_id AS id, destination AS account
    FROM payout_attempts
    WHERE status = 'succeeded' AND first_sent_at >= (SELECT since FROM this_pass)
    UNION
    SELECT transfer_id, '' FROM stripe_transactions
    UNION
    SELECT subject, account FROM differences WHERE resolved_at IS NULL
) AS named
WHERE (id LIKE 'tr\_%' OR (id LIKE 'po\_%' AND account <> ''))
    AND id NOT IN (SELECT id FROM stripe_transfers)
    AND id NOT IN (SELECT id FROM stripe_bank_payouts)
    AND id NOT IN (SELECT id FROM stripe_unreadable)
    AND id NOT IN (SELECT id FROM stripe_absent)
    AND account NOT IN (SELECT id FROM stripe_unreadable)
GROUP BY id
