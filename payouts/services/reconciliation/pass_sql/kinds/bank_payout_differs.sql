-- The status matters only for the payout's current bank payout: an earlier one has failed, and another was sent.
SELECT
    listed.id AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    listed.account,
    CASE WHEN listed.currency = attempt.currency THEN listed.amount - attempt.amount ELSE listed.amount END AS amount,
    listed.currency,
    format(
        'Stripe: %s %s from %s, %s; sent: %s %s from %s, and the payout is %s',
        listed.amount, listed.currency, listed.account, listed.status,
        attempt.amount, attempt.currency, attempt.destination, payout.status
    ) AS detail,
    attempt.ended_at AS at
FROM stripe_bank_payouts AS listed
JOIN payout_attempts AS attempt ON attempt.stripe_id = listed.id AND attempt.kind = 'bank_payout'
JOIN payouts AS payout ON payout.id = attempt.payout_id
WHERE (listed.amount, listed.currency, listed.account)
        IS DISTINCT FROM (attempt.amount, attempt.currency::text, attempt.destination::text)
    OR (
        payout.stripe_payout_id = listed.id
        AND CASE
            WHEN listed.came_back OR listed.status IN ('failed', 'canceled')
                THEN payout.status IN ('in_transit', 'paid')
            WHEN listed.status = 'paid' THEN payout.status <> 'paid'
            ELSE payout.status <> 'in_transit'
        END
    )
