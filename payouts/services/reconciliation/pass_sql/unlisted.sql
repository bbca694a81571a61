-- Objects that our side or an open difference names, and that no list has shown. They are retrieved by id. What is on
-- accounts whose turn it isn't waits.
SELECT id, max(account) AS account
FROM (
    SELECT stripe_id AS id, destination AS account
    FROM payout_attempts
    WHERE stripe_id <> ''
        AND first_sent_at >= (SELECT since FROM this_pass)
        AND (kind <> 'bank_payout' OR destination IN (SELECT account FROM stripe_accounts))
    UNION
    SELECT transfer_id, '' FROM stripe_transactions
    UNION
    SELECT subject, account FROM differences WHERE resolved_at IS NULL
) AS named
WHERE (id LIKE 'tr\_%' OR (id LIKE 'po\_%' AND account <> ''))
    AND NOT EXISTS (SELECT FROM stripe_transfers AS listed WHERE listed.id = named.id)
    AND NOT EXISTS (SELECT FROM stripe_bank_payouts AS listed WHERE listed.id = named.id)
    AND NOT EXISTS (SELECT FROM stripe_unreadable AS unreadable WHERE unreadable.id IN (named.id, named.account))
GROUP BY id
