-- Times are returned as text, in UTC: PostgreSQL has `infinity`, and one bad row must not spoil the others.
SELECT
    invoice.id::text AS id,
    invoice.subscription_id::text AS subscription_id,
    subscription.consumer_id::text AS customer_id,
    plan.api_id::text AS api_id,
    invoice.amount::numeric AS amount,
    invoice.currency::text AS currency,
    invoice.status::text AS status,
    invoice.paid_at::timestamptz::text AS paid_at,
    invoice.updated_at::timestamptz::text AS updated_at,
    CASE
        WHEN invoice.updated_at IS NOT NULL
        THEN greatest(invoice.updated_at::timestamptz, invoice.paid_at::timestamptz)
    END::text AS changed_at,
    coalesce(({calls}), 0)::text AS api_calls
FROM invoices AS invoice
LEFT JOIN subscriptions AS subscription ON subscription.id = invoice.subscription_id
LEFT JOIN pricing_plans AS plan ON plan.id = {plan}
WHERE {which}
ORDER BY invoice.updated_at, invoice.id
