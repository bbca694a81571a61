CREATE TEMPORARY TABLE IF NOT EXISTS billing_intake (
    line bigint NOT NULL,
    record_id text NOT NULL,
    kind text,
    api_external_id text,
    creator_external_id text,
    subscription_id text,
    customer_id text,
    amount bigint,
    currency text,
    occurred_at timestamptz,
    api_calls bigint,
    related_record_id text,
    reason text NOT NULL,
    content jsonb
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS billing_resolved (
    line bigint NOT NULL,
    record_id text NOT NULL,
    kind text,
    api_external_id text,
    creator_external_id text,
    subscription_id text,
    customer_id text,
    amount bigint,
    currency text,
    occurred_at timestamptz,
    api_calls bigint,
    related_record_id text,
    reason text NOT NULL,
    content jsonb,
    api_id uuid,
    creator_id uuid,
    commission_bps integer,
    -- Whether this copy enters, if any under its id does: the first valid one in this batch. Decided later if one of
    -- the copies names a charge.
    leads boolean NOT NULL,
    charge_id bigint,
    -- Whether it enters because enough of its charge is left; null until checked.
    taken boolean
) ON COMMIT DELETE ROWS;

-- A commit empties them, but they may be used twice in one transaction.
DELETE FROM billing_intake;
DELETE FROM billing_resolved;
