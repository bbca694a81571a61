-- What Stripe returned in this pass. The tables live as long as the session; each pass begins with empty ones.
DROP VIEW IF EXISTS foreign_transfers;
DROP TABLE IF EXISTS
    stripe_transfers, stripe_transactions, stripe_bank_payouts, stripe_accounts, stripe_unreadable, stripe_absent,
    events_under_way, booked, this_pass;
CREATE TEMP TABLE stripe_transfers (
    id text, amount bigint, amount_reversed bigint, currency text, destination text,
    transfer_group text, reference text, attempt_key text, attempt_id uuid, payout_id uuid, created timestamptz
);
CREATE TEMP TABLE stripe_transactions (
    id text, kind text, transfer_id text, amount bigint, currency text, created timestamptz
);
CREATE TEMP TABLE stripe_bank_payouts (
    id text, account text, amount bigint, currency text, status text, original_payout text, came_back boolean,
    attempt_key text, attempt_id uuid, created timestamptz, trace_id text, trace_status text
);
-- The connected accounts whose bank payouts were listed.
CREATE TEMP TABLE stripe_accounts (account text);
CREATE TEMP TABLE stripe_unreadable (id text, account text, detail text);
CREATE TEMP TABLE stripe_absent (id text);
-- Objects of recent webhook events that aren't handled yet.
CREATE TEMP TABLE events_under_way (id text);
-- What moved at Stripe according to our books.
CREATE TEMP TABLE booked (source_key text, payout_id uuid, amount bigint, currency text);
CREATE TEMP TABLE this_pass AS
SELECT
    %(since)s::timestamptz AS since,
    %(settled)s::timestamptz AS settled,
    %(currency)s::text AS currency,
    %(ignores_foreign)s::boolean AS ignores_foreign;
-- Transfers of other uses of the Stripe account: they have nothing of ours, not even the account they go to.
CREATE TEMP VIEW foreign_transfers AS
SELECT *
FROM stripe_transfers AS listed
WHERE (reference, attempt_key) = ('', '')
    AND attempt_id IS NULL
    AND NOT EXISTS (SELECT FROM payouts AS grouped WHERE grouped.transfer_group = listed.transfer_group)
    AND NOT EXISTS (SELECT FROM payouts AS sent WHERE sent.stripe_transfer_id = listed.id)
    AND NOT EXISTS (SELECT FROM creator_payment_accounts AS ours WHERE ours.stripe_account_id = listed.destination)
    AND NOT EXISTS (SELECT FROM payout_attempts AS ours WHERE ours.destination = listed.destination);
