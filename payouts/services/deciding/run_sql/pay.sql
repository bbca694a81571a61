INSERT INTO payouts (
    id, creator_id, run_id, retry_of_id, currency, gross_amount, platform_fee, net_amount, period_start, period_end,
    status, stripe_transfer_id, stripe_payout_id, destination_payment, bank_currency, failure_code, failure_message,
    next_retry_at, created_at
)
SELECT
    payout_id, creator_id, %(run)s, %(retry_of)s::uuid, currency, gross, platform_fee, net, period_start, period_end,
    'pending', '', '', '', '', '', '',
    %(now)s, %(now)s
FROM run_decision
WHERE payout_id IS NOT NULL
ORDER BY payout_id
