-- The ordinal counts all payouts for the same creator, currency and cut-off, whatever became of them, unless it is
-- given. The run's lock keeps others from counting at the same time.
INSERT INTO payouts (
    id, creator_id, run_id, retry_of_id, currency, ordinal, reference, transfer_group, gross_amount, platform_fee,
    net_amount, period_start, period_end, status, stripe_transfer_id, stripe_payout_id, destination_payment,
    bank_currency, failure_code, failure_message, next_retry_at, created_at, retry_number, first_failed_at
)
SELECT
    decision.payout_id,
    decision.creator_id,
    %(run)s,
    %(retry_of)s::uuid,
    decision.currency,
    counted.ordinal,
    payout_reference(creator.external_id, decision.currency, %(cutoff)s, counted.ordinal),
    transfer_group(creator.external_id, decision.currency, %(cutoff)s),
    decision.gross,
    decision.platform_fee,
    decision.net,
    decision.period_start,
    decision.period_end,
    'pending', '', '', '',
    '', '', '', %(now)s, %(now)s,
    %(retry_number)s,
    %(first_failed_at)s::timestamptz
FROM run_decision AS decision
JOIN creators AS creator ON creator.id = decision.creator_id
CROSS JOIN LATERAL (
    SELECT coalesce(%(ordinal)s::integer, coalesce(max(earlier.ordinal), 0) + 1) AS ordinal
    FROM payouts AS earlier
    WHERE earlier.run_id = %(run)s
        AND earlier.creator_id = decision.creator_id
        AND earlier.currency = decision.currency
) AS counted
WHERE decision.payout_id IS NOT NULL
ORDER BY decision.payout_id
