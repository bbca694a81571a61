-- Each posting, payout and adjustment is booked once, under its own key and for its own amount; nothing else is booked.
-- One line of each transaction is compared; the rest follows from the sum of zero and the accounts' totals.
WITH fact AS (
    SELECT
        'posting:' || trace.posting_id || ':' || earning.creator_id AS source_key,
        'receipts' AS kind,
        '00000000-0000-0000-0000-000000000000'::uuid AS owner_id,
        earning.currency,
        -sum(trace.gross) AS amount
    FROM earning_postings AS trace
    JOIN creator_earnings AS earning ON earning.id = trace.earning_id
    WHERE trace.posting_id > {last_posting}
    GROUP BY trace.posting_id, earning.creator_id, earning.currency
    UNION ALL
    SELECT 'payout:' || id || ':reserved', 'creator_payable', creator_id, currency, -net_amount
    FROM payouts
    WHERE id IN ({payouts})
    UNION ALL
    SELECT 'payout:' || id || ':sent', 'stripe_balance', '00000000-0000-0000-0000-000000000000', currency, net_amount
    FROM payouts
    WHERE stripe_transfer_id <> '' AND id IN ({payouts})
    UNION ALL
    SELECT 'payout:' || id || ':given_back', 'creator_payable', creator_id, currency, net_amount
    FROM payouts
    WHERE status IN ('failed', 'cancelled', 'reversed') AND id IN ({payouts})
    UNION ALL
    SELECT 'adjustment:' || id, 'creator_payable', creator_id, currency, amount
    FROM adjustments
    WHERE status = 'approved' AND decided_at >= {since}
    UNION ALL
    SELECT
        'payout:' || placement.payout_id || ':placed:' || placement.id,
        'suspense',
        '00000000-0000-0000-0000-000000000000',
        payout.currency,
        -placement.amount
    FROM suspense_placements AS placement
    JOIN payouts AS payout ON payout.id = placement.payout_id
    WHERE placement.status = 'approved' AND placement.decided_at >= {since}
),
booked AS (
    SELECT booking.source_key, account.kind, account.owner_id, entry.currency, entry.amount
    FROM ledger_transactions AS booking
    JOIN ledger_entries AS entry ON entry.transaction_id = booking.id
    JOIN ledger_accounts AS account ON account.id = entry.account_id
)
SELECT format('%s: %s %s, booked %s', source_key, fact.amount, currency, coalesce(booked.amount, 0)) AS finding
FROM fact
LEFT JOIN booked USING (source_key, kind, owner_id, currency)
WHERE fact.amount <> coalesce(booked.amount, 0)
UNION ALL
SELECT format('%s is booked, but never happened', source_key)
FROM ledger_transactions AS booking
WHERE booking.id > {last_transaction}
    AND NOT EXISTS (SELECT FROM fact WHERE fact.source_key = booking.source_key)
    -- A partial reversal is in suspense, which has its own validation.
    AND NOT EXISTS (
        SELECT FROM payouts
        WHERE booking.source_key LIKE 'payout:%:reversed:%'
            AND payouts.id::text = split_part(booking.source_key, ':', 2)
    )
