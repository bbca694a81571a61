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
    listed.created AS at
FROM stripe_transfers AS listed
JOIN payouts AS payout ON payout.stripe_transfer_id = listed.id
JOIN (SELECT payout_id, sum(amount)::bigint AS moved FROM booked GROUP BY payout_id) AS ours
    ON ours.payout_id = payout.id
WHERE listed.amount = payout.net_amount AND listed.amount_reversed < payout.net_amount - ours.moved
