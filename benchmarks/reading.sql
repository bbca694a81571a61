-- From `shape`: each creator with so many APIs, each API with so many months, each month with so many records, and a
-- payout for each month, as runs make them. A batch holds the records of 1,000 earnings.
SET synchronous_commit = off;
INSERT INTO creators (external_id, email, country)
SELECT creator, '', 'US' FROM shape;

INSERT INTO apis (external_id, name)
SELECT shape.creator || '.' || number, '' FROM shape CROSS JOIN generate_series(1, shape.apis) AS number;

INSERT INTO api_ownerships (api_id, creator_id, owned_from)
SELECT apis.id, creators.id AS creator_id, '2000-01-01'
FROM apis JOIN creators ON creators.external_id = split_part(apis.external_id, '.', 1);

CREATE TEMPORARY TABLE earned AS
SELECT
    uuid7() AS id,
    ownership.creator_id,
    ownership.api_id,
    (date_trunc('month', now()) - month * interval '1 month')::date AS period_start,
    row_number() OVER (ORDER BY month DESC, ownership.creator_id, ownership.api_id) / 1000 + 1 AS batch
FROM shape
JOIN creators ON creators.external_id = shape.creator
JOIN api_ownerships AS ownership ON ownership.creator_id = creators.id
CROSS JOIN generate_series(1, shape.months) AS month;

INSERT INTO postings (id, posted_at) SELECT DISTINCT batch, now() FROM earned;

INSERT INTO billing_batches (
    source_id, origin, accepted, duplicates, conflicts, quarantined, set_aside_reason, posting_id, posted_at
)
SELECT (SELECT min(id) FROM billing_sources), 'generated', count(*) * %(per_earning)s, 0, 0, 0, '', batch, now()
FROM earned GROUP BY batch ORDER BY batch;

INSERT INTO billing_records (
    source_id, batch_id, record_id, kind, api_id, creator_id, commission_bps, subscription_id, customer_id, amount,
    currency, occurred_at, api_calls, related_record_id
)
SELECT
    (SELECT min(id) FROM billing_sources), batch, row_number() OVER (), 'charge', api_id, creator_id, 2000, '', '',
    1000, 'USD', period_start + interval '12 hours', 1, ''
FROM earned CROSS JOIN generate_series(1, %(per_earning)s)
ORDER BY batch, creator_id, api_id;

CREATE TEMPORARY TABLE paid AS
SELECT uuid7() AS payout_id, creator_id, period_start, count(*) * %(per_earning)s AS records
FROM earned
WHERE period_start < date_trunc('month', now()) - interval '1 month'
GROUP BY creator_id, period_start ORDER BY period_start, creator_id;

INSERT INTO payouts (
    id, creator_id, currency, ordinal, reference, transfer_group, gross_amount, platform_fee, net_amount, period_start,
    period_end, status, stripe_transfer_id, stripe_payout_id, destination_payment, bank_currency, failure_code,
    failure_message, paid_at, created_at
)
SELECT
    payout_id, creator_id, 'USD', 1, payout_id::text, payout_id::text, 1000 * records, 200 * records, 800 * records,
    period_start, period_start + interval '1 month', 'paid', 'tr_' || payout_id, 'po_' || payout_id, '', 'USD', '', '',
    period_start + interval '1 month 3 days', period_start + interval '1 month'
FROM paid ORDER BY period_start, creator_id;

INSERT INTO creator_earnings (
    id, creator_id, api_id, period_start, period_end, currency, commission_bps, gross, previous_platform_fee, refunds,
    transactions, api_calls, description, closed_at, payout_id
)
SELECT
    id, creator_id, api_id, period_start, period_start + interval '1 month', 'USD', 2000, 1000 * %(per_earning)s, 0, 0,
    %(per_earning)s, %(per_earning)s, '', CASE WHEN payout_id IS NOT NULL THEN now() END, payout_id
FROM earned LEFT JOIN paid USING (creator_id, period_start) ORDER BY batch, creator_id, api_id;

INSERT INTO payout_line_items (
    payout_id, earning_id, api_id, description, period_start, period_end, commission_bps, gross_revenue,
    platform_fee, net_revenue, total_subscriptions, total_api_calls
)
SELECT
    payout_id, id, api_id, '', period_start, period_start + interval '1 month', 2000, 1000 * %(per_earning)s,
    200 * %(per_earning)s, 800 * %(per_earning)s, 0, %(per_earning)s
FROM earned JOIN paid USING (creator_id, period_start) ORDER BY batch, creator_id, api_id;

INSERT INTO paid_totals (creator_id, api_id, currency, gross, net, last_updated)
SELECT creator_id, api_id, 'USD', sum(gross), sum(net), now()
FROM creator_earnings WHERE payout_id IS NOT NULL GROUP BY creator_id, api_id;

INSERT INTO earning_postings (posting_id, earning_id, batches, gross, refunds, transactions, api_calls)
SELECT batch, id, ARRAY[batch], 1000 * %(per_earning)s, 0, %(per_earning)s, %(per_earning)s
FROM earned ORDER BY batch, creator_id, api_id;

VACUUM ANALYZE creators, apis, api_ownerships, postings, billing_batches, billing_records, payouts, creator_earnings,
    paid_totals, payout_line_items, earning_postings
