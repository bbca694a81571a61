SELECT
    EXISTS ({paused}) AS paused,
    coalesce(hold.held, FALSE) AS held,
    coalesce(hold.cooling_down, FALSE) AS cooling_down,
    EXISTS (
        SELECT FROM payouts AS other
        WHERE other.creator_id = payout.creator_id AND other.status = 'unresolved' AND other.id <> payout.id
    ) AS another_is_unresolved,
    account.stripe_account_id AS account,
    coalesce(account.stripe_account_id IS NOT NULL AND account.account_status = 'active', FALSE) AS account_payable,
    account.synced_at AS account_synced_at,
    coalesce(account.schedule <> '' AND (account.schedule = 'manual') = NOT %(by_stripe)s, FALSE) AS on_schedule,
    account.external_account_since AS bank_account_since,
    EXISTS (
        SELECT FROM differences
        WHERE differences.kind = 'foreign_bank_payout'
            AND differences.account = %(destination)s
            AND differences.resolved_at IS NULL
    ) AS foreign_bank_payout,
    (
        SELECT event.at FROM payout_events AS event
        WHERE event.payout_id = payout.id AND event.to_status = 'returned'
        ORDER BY event.id
        LIMIT 1
    ) AS returned_at
FROM payouts AS payout
LEFT JOIN creator_payment_accounts AS account
    ON account.creator_id = payout.creator_id AND account.replaced_at IS NULL
LEFT JOIN LATERAL (
    SELECT TRUE AS held, max(hold.expires_at) IS NOT NULL AS cooling_down
    FROM holds AS hold
    WHERE hold.creator_id = payout.creator_id AND hold.lifted_at IS NULL
    HAVING count(*) > 0
) AS hold ON TRUE
WHERE payout.id = %(payout)s
