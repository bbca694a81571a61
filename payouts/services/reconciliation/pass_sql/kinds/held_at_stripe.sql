-- Money that has been on a connected account for two thirds of the time that Stripe allows. Then Stripe pays it out by
-- itself: after 90 days, of US accounts after two years, of Thai ones after 10 days.
-- Source: https://docs.stripe.com/connect/manual-payouts
SELECT
    payout.id::text AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    sent.destination AS account,
    payout.net_amount - payout.amount_reversed AS amount,
    payout.currency,
    format(
        'on the account since %s, and still %s; Stripe pays it out by itself after %s days',
        sent.ended_at::date, payout.status, allowed.days
    ) AS detail,
    NULL::timestamptz AS at
FROM payouts AS payout
JOIN payout_attempts AS sent
    ON sent.payout_id = payout.id AND sent.kind = 'transfer' AND sent.stripe_id = payout.stripe_transfer_id
JOIN creator_payment_accounts AS account ON account.stripe_account_id = sent.destination
CROSS JOIN LATERAL (
    SELECT CASE account.country WHEN 'TH' THEN 10 WHEN 'US' THEN 730 ELSE 90 END AS days
) AS allowed
WHERE (payout.status = 'returned' OR (payout.status = 'in_transit' AND payout.stripe_payout_id = ''))
    AND sent.ended_at + make_interval(days => allowed.days * 2 / 3) < (SELECT settled FROM this_pass)
