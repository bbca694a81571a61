SELECT
    payout.id::text AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    '' AS account,
    payout.net_amount - coalesce(sum(booked.amount), 0)::bigint AS amount,
    payout.currency,
    format(
        'the payout is %s; booked as sent: %s of %s',
        payout.status, coalesce(sum(booked.amount), 0), payout.net_amount
    ) AS detail,
    NULL::timestamptz AS at
FROM payouts AS payout
LEFT JOIN booked ON booked.source_key = 'payout:' || payout.id || ':sent' AND booked.currency = payout.currency
WHERE payout.status IN ('in_transit', 'paid', 'returned', 'reversed')
GROUP BY payout.id
HAVING coalesce(sum(booked.amount), 0) <> payout.net_amount
