-- Creators who owe the platform, longest debt first: `since` is the entry that last took the balance below zero. What
-- was last written off in that currency comes with it.
SELECT
    account.owner_id AS creator_id,
    creator.external_id,
    account.currency,
    -account.balance AS owed,
    fell.since,
    earned.last_earned,
    written_off.amount AS written_off,
    written_off.decided_at AS written_off_at
FROM ledger_accounts AS account
JOIN creators AS creator ON creator.id = account.owner_id
CROSS JOIN LATERAL (
    SELECT booked.created_at AS since
    FROM ledger_entries AS entry
    JOIN ledger_transactions AS booked ON booked.id = entry.transaction_id
    WHERE entry.account_id = account.id
        AND entry.id > coalesce((
            SELECT max(sound.id)
            FROM ledger_entries AS sound
            WHERE sound.account_id = account.id AND sound.balance_after >= 0
        ), 0)
    ORDER BY entry.id
    LIMIT 1
) AS fell
LEFT JOIN LATERAL (
    SELECT booked.created_at AS last_earned
    FROM ledger_entries AS entry
    JOIN ledger_transactions AS booked ON booked.id = entry.transaction_id
    WHERE entry.account_id = account.id AND entry.amount > 0 AND booked.kind = 'earnings_posted'
    ORDER BY entry.id DESC
    LIMIT 1
) AS earned ON true
LEFT JOIN LATERAL (
    SELECT write_off.amount, write_off.decided_at
    FROM adjustments AS write_off
    WHERE write_off.creator_id = account.owner_id AND write_off.currency = account.currency
        AND write_off.kind = 'write_off' AND write_off.status = 'approved'
    ORDER BY write_off.id DESC
    LIMIT 1
) AS written_off ON true
WHERE account.kind = 'creator_payable' AND account.balance < 0
ORDER BY fell.since, creator.external_id, account.currency
LIMIT %(limit)s
OFFSET %(offset)s
