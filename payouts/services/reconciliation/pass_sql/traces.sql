-- Keep by what banks find payments, where Stripe tells it and no event has.
UPDATE payouts SET trace_id = listed.trace_id, trace_status = listed.trace_status
FROM stripe_bank_payouts AS listed
WHERE payouts.stripe_payout_id = listed.id
    AND payouts.status = 'paid'
    AND listed.trace_status <> ''
    AND (payouts.trace_id, payouts.trace_status) <> (listed.trace_id, listed.trace_status)
