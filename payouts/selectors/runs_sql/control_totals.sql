-- A run's payouts in each currency, summed from five places: all that were made, and those that were sent. A retry
-- counts instead of the payout that it replaced, as in the run's decisions.
WITH payout AS (
    SELECT
        payouts.id,
        payouts.currency,
        payouts.net_amount,
        payouts.stripe_transfer_id,
        payouts.stripe_transfer_id <> '' AS is_sent,
        decision.amount AS decided
    FROM payout_run_decisions AS decision
    JOIN payouts ON payouts.id = decision.payout_id
    WHERE decision.run_id = %(run)s AND decision.reason = 'paid'
),
told AS (
    SELECT
        payout.currency,
        payout.is_sent,
        payout.decided,
        payout.net_amount,
        lines.net AS in_lines,
        booked.reserved,
        booked.sent,
        transferred.amount AS at_stripe
    FROM payout
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(line.net_revenue), 0) AS net
        FROM payout_line_items AS line
        WHERE line.payout_id = payout.id
    ) AS lines
    CROSS JOIN LATERAL (
        SELECT
            coalesce(-sum(entry.amount) FILTER (WHERE account.kind = 'creator_payable'), 0) AS reserved,
            coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'stripe_balance'), 0) AS sent
        FROM ledger_transactions AS booking
        JOIN ledger_entries AS entry ON entry.transaction_id = booking.id
        JOIN ledger_accounts AS account ON account.id = entry.account_id
        WHERE booking.source_key IN ('payout:' || payout.id || ':reserved', 'payout:' || payout.id || ':sent')
    ) AS booked
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(attempt.amount), 0) AS amount
        FROM payout_attempts AS attempt
        WHERE attempt.payout_id = payout.id
            AND attempt.kind = 'transfer'
            AND attempt.status = 'succeeded'
            AND attempt.stripe_id = payout.stripe_transfer_id
    ) AS transferred
)
SELECT
    currency,
    stage.name AS stage,
    count(*) AS count,
    sum(decided)::bigint AS decided,
    sum(net_amount)::bigint AS payouts,
    sum(in_lines)::bigint AS lines,
    sum(CASE stage.name WHEN 'made' THEN reserved ELSE sent END)::bigint AS ledger,
    CASE stage.name WHEN 'sent' THEN sum(at_stripe)::bigint END AS at_stripe
FROM told
JOIN (VALUES ('made'), ('sent')) AS stage (name) ON stage.name = 'made' OR told.is_sent
GROUP BY currency, stage.name
ORDER BY currency, stage.name
