-- Money that moved at Stripe according to the books, for a payout that was never sent or for nothing we know.
SELECT
    booked.source_key AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    '' AS account,
    -booked.amount AS amount,
    booked.currency,
    CASE
        WHEN payout.id IS NULL THEN 'it names no payout and no adjustment'
        ELSE format('the payout is %s', payout.status)
    END AS detail,
    NULL::timestamptz AS at
FROM booked
LEFT JOIN payouts AS payout ON payout.id = booked.payout_id
WHERE (payout.id IS NULL OR payout.status NOT IN ('in_transit', 'paid', 'returned', 'reversed'))
    AND NOT EXISTS (SELECT FROM adjustments WHERE 'adjustment:' || adjustments.id = booked.source_key)
