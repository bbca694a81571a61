-- The platform's balance transactions, compared with their transfers. Of a transfer older than this pass's window, only
-- reversals within the window are listed; then no more may have come back than the transfer says.
SELECT
    transfer_id AS subject,
    payout.id AS payout_id,
    payout.creator_id,
    coalesce(listed.destination, '') AS account,
    -coalesce(moved.amount, 0) - coalesce(listed.amount - listed.amount_reversed, 0) AS amount,
    coalesce(moved.currency, listed.currency) AS currency,
    format(
        'the balance moved by %s %s; the transfer: %s %s, %s reversed',
        coalesce(moved.amount, 0), moved.currency, listed.amount, listed.currency, listed.amount_reversed
    ) AS detail,
    greatest(moved.at, listed.created) AS at
FROM (
    SELECT
        transfer_id,
        CASE WHEN count(DISTINCT currency) = 1 THEN min(currency) END AS currency,
        sum(amount)::bigint AS amount,
        coalesce(sum(amount) FILTER (WHERE kind = 'transfer_refund'), 0)::bigint AS came_back,
        bool_or(kind = 'transfer') AS whole,
        max(created) AS at
    FROM stripe_transactions
    GROUP BY transfer_id
) AS moved
FULL JOIN (SELECT id AS transfer_id, * FROM stripe_transfers) AS listed USING (transfer_id)
LEFT JOIN payouts AS payout ON payout.stripe_transfer_id = transfer_id
WHERE (listed.id IS NOT NULL OR transfer_id IN (SELECT id FROM stripe_absent))
    -- What can't be read is a difference of its own.
    AND NOT EXISTS (SELECT FROM stripe_unreadable AS unreadable WHERE unreadable.id = transfer_id)
    AND CASE
        WHEN moved.whole IS NOT FALSE OR listed.created >= (SELECT since FROM this_pass)
            THEN (-moved.amount, moved.currency)
                IS DISTINCT FROM (listed.amount - listed.amount_reversed, listed.currency)
        ELSE moved.came_back > coalesce(listed.amount_reversed, 0) OR moved.currency IS DISTINCT FROM listed.currency
    END
