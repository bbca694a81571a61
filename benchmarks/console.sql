-- A console's database after years: each creator is paid by each of the runs; a few payouts went wrong, in all ways.
-- Only what the console's lists and searches read is filled; the books don't add up.
SET LOCAL session_replication_role = replica; -- no triggers, no checks of foreign keys

INSERT INTO billing_sources (name) VALUES ('market'), ('partners');

INSERT INTO creators (external_id, email, country, created_at)
SELECT 'creator-' || n, 'creator-' || n || '@example.com', 'US', now() - interval '10 years' + n * interval '1 hour'
FROM generate_series(1, %(creators)s) AS n;

INSERT INTO apis (external_id, name, source_id)
SELECT 'api-' || n, 'API ' || n, source.id
FROM generate_series(1, %(creators)s) AS n, billing_sources AS source
WHERE source.name = 'market';

CREATE TEMPORARY TABLE numbered ON COMMIT DROP AS
SELECT creator.id AS creator_id, api.id AS api_id, creator.n
FROM
    (SELECT id, row_number() OVER (ORDER BY external_id) AS n FROM creators) AS creator
    INNER JOIN (SELECT id, row_number() OVER (ORDER BY external_id) AS n FROM apis) AS api USING (n);

INSERT INTO creator_payment_accounts (
    creator_id, stripe_account_id, account_status, api, details_submitted, charges_enabled, payouts_enabled,
    capabilities, service_agreement, default_currency, country, refused_country, business_type, requirements,
    future_requirements, schedule, external_account_id, external_account_fingerprint, replaced_by, replace_reason,
    openings, opening_email, links_refreshed
)
SELECT
    creator_id, 'acct_' || n, CASE WHEN mod(n, 100) = 0 THEN 'restricted' ELSE 'active' END, 'v2', TRUE, TRUE, TRUE,
    '{}', 'full', 'USD', 'US', '', 'individual', '{}',
    '{}', 'manual', 'ba_' || n, 'fingerprint-' || n, '', '',
    1, '', 0
FROM numbered;

INSERT INTO ledger_accounts (kind, owner_id, currency, balance)
SELECT 'creator_payable', creator_id, 'USD', CASE WHEN mod(n, 50) = 0 THEN -2500 ELSE 2500 END FROM numbered;

INSERT INTO payout_runs (cutoff, created_at, completed_at)
SELECT month AS cutoff, month AS created_at, month AS completed_at
FROM
    generate_series(
        date_trunc('month', now()) - (%(runs)s - 1) * interval '1 month', date_trunc('month', now()), '1 month'
    ) AS month;

INSERT INTO payouts (
    creator_id, run_id, currency, ordinal, reference, transfer_group, gross_amount, platform_fee, net_amount,
    period_start, period_end, status, stripe_transfer_id, stripe_payout_id, destination_payment, bank_currency,
    trace_id, amount_reversed, failure_code, failure_message, paid_at, created_at, next_retry_at
)
SELECT
    made.creator_id, made.run_id, 'USD', 1, md5(made.name), md5('group ' || made.name), made.amount AS gross_amount, 0,
    made.amount AS net_amount,
    made.cutoff - interval '1 month', made.cutoff, made.status, 'tr_' || made.name, 'po_' || made.name,
    'py_' || made.name, 'USD',
    'trace-' || made.name, CASE made.status WHEN 'reversed' THEN made.amount ELSE 0 END,
    CASE made.status WHEN 'failed' THEN 'account_invalid' WHEN 'returned' THEN 'account_closed' ELSE '' END,
    CASE WHEN made.status IN ('failed', 'returned') THEN 'The account can''t be used.' ELSE '' END,
    CASE WHEN made.status = 'paid' THEN made.cutoff + interval '2 days' END,
    made.cutoff + interval '15 minutes',
    CASE WHEN made.status IN ('returned', 'in_transit') THEN now() + interval '1 hour' END
FROM (
    SELECT
        numbered.creator_id,
        run.id AS run_id,
        run.cutoff,
        to_char(run.cutoff, 'YYYYMM') || 'x' || numbered.n AS name,
        2500 + mod(numbered.n * 7919, 100000) AS amount,
        CASE
            WHEN mod(numbered.n + run.place, 200) = 0 THEN 'failed'
            WHEN mod(numbered.n + run.place, 200) = 1 THEN 'returned'
            WHEN mod(numbered.n + run.place, 200) = 2 THEN 'reversed'
            WHEN run.place = %(runs)s AND mod(numbered.n, 3) = 0 THEN 'in_transit'
            ELSE 'paid'
        END AS status
    FROM
        (SELECT id, cutoff, row_number() OVER (ORDER BY cutoff) AS place FROM payout_runs) AS run
        CROSS JOIN numbered
    ORDER BY run.cutoff, numbered.n
) AS made;

INSERT INTO payout_run_decisions (run_id, creator_id, currency, reason, amount, payout_id, detail, decided_at)
SELECT run_id, creator_id, 'USD', 'paid', net_amount, id, '', created_at FROM payouts;

INSERT INTO payout_events (payout_id, from_status, to_status, actor, reason, at)
SELECT payout.id, event.from_status, event.to_status, 'system', '', payout.created_at
FROM
    payouts AS payout,
    (VALUES ('', 'pending'), ('pending', 'processing'), ('processing', 'in_transit')) AS event (from_status, to_status);

INSERT INTO payout_attempts (
    payout_id, kind, status, idempotency_key, metadata, destination, amount, currency, requested_by, request_reason,
    sends, answered, in_doubt, resendable, stripe_id, error_code, error_message, request_id, created_at, ended_at
)
SELECT
    payout.id, leg.kind,
    CASE WHEN payout.status = 'failed' AND leg.kind = 'transfer' THEN 'refused' ELSE 'succeeded' END,
    leg.kind || ':' || payout.reference || ':1', '{}', 'acct_1', payout.net_amount, 'USD', 'system', '',
    1, TRUE, payout.status = 'reversed' AND leg.kind = 'transfer' AND payout.ordinal = 1, TRUE,
    CASE leg.kind WHEN 'transfer' THEN payout.stripe_transfer_id ELSE payout.stripe_payout_id END,
    payout.failure_code, payout.failure_message,
    'req_' || leg.prefix || substr(payout.reference, 1, 20), payout.created_at, payout.created_at AS ended_at
FROM payouts AS payout, (VALUES ('transfer', 'a'), ('bank_payout', 'b')) AS leg (kind, prefix)
ORDER BY payout.id;

INSERT INTO djstripe_event (
    djstripe_created, djstripe_updated, stripe_data, id, api_version, data, request_id, idempotency_key, type, livemode
)
SELECT
    created_at AS djstripe_created, created_at AS djstripe_updated, '{}', 'evt_' || idempotency_key,
    '', '{}', '', '', 'transfer.created', FALSE
FROM payout_attempts;

INSERT INTO stripe_inbox (
    event_id, type, account, object_id, tries, error, outcome, note, received_at, handled_at, next_try_at
)
SELECT
    'evt_' || idempotency_key, 'transfer.created', destination, stripe_id, 1, '', 'handled', '',
    created_at AS received_at, created_at AS handled_at, created_at AS next_try_at
FROM payout_attempts;

INSERT INTO stripe_kept_bodies (digest, body, reason, note, told_id, told_type, told_account, deliveries)
SELECT md5('body' || n), '', 'not_json', '', 'evt_' || n, '', '', 1
FROM generate_series(1, %(creators)s) AS n;

INSERT INTO postings (posted_at) SELECT now() FROM generate_series(1, %(creators)s);

INSERT INTO billing_batches (
    source_id, origin, accepted, duplicates, conflicts, quarantined, set_aside_reason, posting_id, posted_at
)
SELECT source.id AS source_id, 'push ' || posting.id, 100, 0, 0, 0, '', posting.id AS posting_id, posting.posted_at
FROM postings AS posting, billing_sources AS source
WHERE source.name = 'market';

INSERT INTO billing_records (
    source_id, batch_id, record_id, kind, api_id, creator_id, commission_bps, subscription_id, customer_id, amount,
    currency, occurred_at, api_calls, related_record_id
)
SELECT
    batch.source_id, batch.id AS batch_id, 'record-' || numbered.n || '-' || month, 'charge', numbered.api_id,
    numbered.creator_id,
    2000, '', 'customer-' || mod(numbered.n * 31, 1000), 1000, 'USD', now() - month * interval '1 month', 1, ''
FROM
    generate_series(1, 2 * %(runs)s) AS month
    CROSS JOIN numbered
    INNER JOIN
        (SELECT id, source_id, row_number() OVER (ORDER BY id) AS n FROM billing_batches) AS batch
        ON batch.n = numbered.n;

INSERT INTO quarantined_records (record_id, reason, content, resolution, resolved_at, batch_id, source_id)
SELECT
    'bad-' || batch.id, 'api_unknown', jsonb_build_object('record_id', batch.id),
    CASE WHEN mod(batch.id, 2) = 0 THEN 'entered' ELSE '' END,
    CASE WHEN mod(batch.id, 2) = 0 THEN now() END, batch.id, batch.source_id
FROM billing_batches AS batch;

INSERT INTO creator_earnings (
    creator_id, api_id, period_start, period_end, currency, commission_bps, gross, previous_platform_fee, refunds,
    transactions, api_calls, description, payout_id, closed_at
)
SELECT
    payout.creator_id, numbered.api_id, payout.period_start, payout.period_end, 'USD', 2000, payout.gross_amount, 0, 0,
    1, 1, '', payout.id, payout.created_at
FROM payouts AS payout INNER JOIN numbered ON payout.creator_id = numbered.creator_id;

INSERT INTO payout_line_items (
    payout_id, earning_id, api_id, description, period_start, period_end, commission_bps, gross_revenue, platform_fee,
    net_revenue, total_subscriptions, total_api_calls
)
SELECT
    earning.payout_id, earning.id AS earning_id, earning.api_id, '', earning.period_start, earning.period_end, 2000,
    earning.gross, earning.platform_fee, earning.net, 0, 1
FROM creator_earnings AS earning;

INSERT INTO earning_postings (posting_id, earning_id, gross, refunds, transactions, api_calls, batches)
SELECT batch.posting_id, earning.id AS earning_id, earning.gross, 0, 1, 1, ARRAY[batch.id]
FROM
    creator_earnings AS earning
    INNER JOIN numbered ON earning.creator_id = numbered.creator_id
    INNER JOIN
        (SELECT id, posting_id, row_number() OVER (ORDER BY id) AS n FROM billing_batches) AS batch
        ON numbered.n = batch.n;

INSERT INTO differences (
    kind, subject, account, amount, currency, detail, owner, resolved_by, resolution, found_at, resolved_at
)
SELECT
    'unknown_transfer', 'tr_unknown' || n, '', 100, 'USD', 'Nobody knows it.', '',
    CASE WHEN n > 20 THEN 'dana' ELSE '' END, CASE WHEN n > 20 THEN 'explained' ELSE '' END, now(),
    CASE WHEN n > 20 THEN now() END
FROM generate_series(1, %(creators)s) AS n;

INSERT INTO ledger_transactions (source_key, kind, created_at)
SELECT 'payout:' || id || ':reserved', 'payout_reserved', created_at FROM payouts;

INSERT INTO ledger_entries (transaction_id, account_id, currency, amount, balance_after)
SELECT booked.id AS transaction_id, payable.id AS account_id, 'USD', -payout.net_amount, 0
FROM
    payouts AS payout
    INNER JOIN ledger_transactions AS booked ON booked.source_key = 'payout:' || payout.id || ':reserved'
    INNER JOIN ledger_accounts AS payable ON payable.owner_id = payout.creator_id;
