-- What Stripe said in this pass, for the length of a session; a pass begins with none of it.
DROP TABLE IF EXISTS
    stripe_transfers, stripe_transactions, stripe_bank_payouts, stripe_unreadable, stripe_absent, events_under_way,
    booked, this_pass;
CREATE TEMP TABLE stripe_transfers (
    id text, amount bigint, amount_reversed bigint, currency text, destination text,
    payout_id uuid, attempt_id uuid, created timestamptz
);
CREATE TEMP TABLE stripe_transactions (
    id text, kind text, transfer_id text, amount bigint, currency text, created timestamptz
);
CREATE TEMP TABLE stripe_bank_payouts (
    id text, account text, amount bigint, currency text, status text, attempt_id uuid, created timestamptz
);
CREATE TEMP TABLE stripe_unreadable (id text, account text, detail text);
CREATE TEMP TABLE stripe_absent (id text);
-- Objects that an event which came lately, and is not handled yet, speaks of.
CREATE TEMP TABLE events_under_way (id text);
-- What our books say moved at Stripe.
CREATE TEMP TABLE booked (source_key text, payout_id uuid, amount bigint, currency text);
CREATE TEMP TABLE this_pass AS
SELECT %(since)s::timestamptz AS since, %(settled)s::timestamptz AS settled, %(currency)s::text AS currency;
