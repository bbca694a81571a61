-- What else than the payout and its attempts says where its money is and what it waits for.
SELECT
    creator.external_id AS creator,
    coalesce(run.completed_at IS NOT NULL OR run.superseded_at IS NOT NULL, TRUE) AS run_is_made,
    ARRAY(
        SELECT pausing.detail FROM ({pausing}) AS pausing
        UNION ALL
        SELECT held.detail
        FROM sending_pauses AS held
        WHERE held.run_id = payout.run_id
            AND held.currency = payout.currency
            AND held.lifted_at IS NULL
            AND payout.status = 'pending'
    ) AS pauses,
    ARRAY(
        SELECT hold.reason FROM holds AS hold
        WHERE hold.creator_id = payout.creator_id AND hold.lifted_at IS NULL
        ORDER BY hold.id
    ) AS holds,
    (
        SELECT max(hold.expires_at) FROM holds AS hold
        WHERE hold.creator_id = payout.creator_id AND hold.lifted_at IS NULL
    ) AS cooling_down_until,
    EXISTS (
        SELECT FROM payouts AS other
        WHERE other.creator_id = payout.creator_id AND other.status = 'unresolved' AND other.id <> payout.id
    ) AS another_is_unresolved,
    EXISTS (
        SELECT FROM payout_attempts AS sent
        JOIN differences ON differences.account = sent.destination
        WHERE sent.payout_id = payout.id
            AND sent.kind = 'transfer'
            AND differences.kind = 'foreign_bank_payout'
            AND differences.resolved_at IS NULL
    ) AS foreign_bank_payout,
    returned.at AS returned_at,
    ended.actor AS ended_by,
    ended.reason AS ended_because,
    coalesce(released.unclaimed, FALSE) AS earnings_wait,
    coalesce(released.claimed, FALSE) AS earnings_were_claimed,
    coalesce(bank.name, '') AS bank,
    coalesce(bank.last4, '') AS last4
FROM payouts AS payout
JOIN creators AS creator ON creator.id = payout.creator_id
LEFT JOIN payout_runs AS run ON run.id = payout.run_id
LEFT JOIN LATERAL (
    SELECT event.at FROM payout_events AS event
    WHERE event.payout_id = payout.id AND event.to_status = 'returned'
    ORDER BY event.id
    LIMIT 1
) AS returned ON TRUE
LEFT JOIN LATERAL (
    SELECT event.actor, event.reason FROM payout_events AS event
    WHERE event.payout_id = payout.id AND event.to_status = payout.status
    ORDER BY event.id DESC
    LIMIT 1
) AS ended ON TRUE
LEFT JOIN LATERAL (
    SELECT bool_or(earning.payout_id IS NULL) AS unclaimed, bool_or(earning.payout_id IS NOT NULL) AS claimed
    FROM payout_line_items AS line
    JOIN creator_earnings AS earning ON earning.id = line.earning_id
    WHERE line.payout_id = payout.id
) AS released ON payout.status = ANY(%(dead)s)
LEFT JOIN LATERAL (
    SELECT attempt.destination AS account, attempt.external_account_id, attempt.created_at
    FROM payout_attempts AS attempt
    WHERE attempt.payout_id = payout.id AND attempt.kind = 'bank_payout'
    ORDER BY attempt.created_at DESC
    LIMIT 1
) AS latest ON TRUE
-- Where its latest bank payout went. Until Stripe has told, what the account is paid out to: with an external account
-- for each currency, that may be another.
LEFT JOIN LATERAL (
    SELECT destination.bank AS name, destination.last4
    FROM creator_payment_accounts AS account
    JOIN payout_destinations AS destination ON destination.account_id = account.id
    WHERE account.stripe_account_id = latest.account
        AND CASE
            WHEN latest.external_account_id = '' THEN destination.since <= latest.created_at
            ELSE destination.external_account_id = latest.external_account_id
        END
    ORDER BY destination.since DESC, destination.id DESC
    LIMIT 1
) AS bank ON TRUE
WHERE payout.id = %(payout)s
