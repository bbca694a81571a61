-- Reversals of a payout's transfer, or of an unexpected transfer that is owed back.
SELECT
    listed.id AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    listed.destination AS account,
    payout.net_amount - listed.amount_reversed - ours.moved AS amount,
    listed.currency,
    format(
        'Stripe: %s of %s reversed; in the books: %s; the payout is %s',
        listed.amount_reversed, listed.amount, payout.net_amount - ours.moved, payout.status
    ) AS detail,
    moved.at
FROM stripe_transfers AS listed
JOIN payouts AS payout ON payout.stripe_transfer_id = listed.id
JOIN (SELECT payout_id, sum(amount)::bigint AS moved FROM booked GROUP BY payout_id) AS ours
    ON ours.payout_id = payout.id
LEFT JOIN (SELECT transfer_id, max(created) AS at FROM stripe_transactions GROUP BY transfer_id) AS moved
    ON moved.transfer_id = listed.id
WHERE listed.amount = payout.net_amount AND listed.amount_reversed > payout.net_amount - ours.moved
UNION ALL
SELECT
    listed.id,
    NULL,
    debt.creator_id,
    listed.destination,
    ours.came_back - listed.amount_reversed,
    listed.currency,
    format('Stripe: %s of %s reversed; in the books: %s', listed.amount_reversed, listed.amount, ours.came_back),
    (SELECT max(created) FROM stripe_transactions WHERE transfer_id = listed.id)
FROM adjustments AS debt
JOIN stripe_transfers AS listed ON debt.source_key = 'transfer:' || listed.id || ':unexpected'
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount), 0)::bigint AS came_back
    FROM adjustments AS back
    WHERE back.source_key LIKE debt.source_key || ':reversed:%'
) AS ours
WHERE listed.amount_reversed > ours.came_back
