-- What this pass's transfers moved, without those of other uses, less what came back: at Stripe, and in the books.
SELECT currency, sum(at_stripe) AS at_stripe, sum(in_books) AS in_books
FROM (
    SELECT currency, amount - amount_reversed AS at_stripe, 0 AS in_books
    FROM stripe_transfers
    WHERE id NOT IN (SELECT id FROM foreign_transfers)
    UNION ALL
    SELECT booked.currency, 0, booked.amount
    FROM stripe_transfers AS listed
    JOIN payouts AS payout ON payout.stripe_transfer_id = listed.id
    JOIN booked ON booked.payout_id = payout.id
) AS both_sides
GROUP BY currency
ORDER BY currency
