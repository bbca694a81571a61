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
    -- The copy of its record id that enters, if any does: the first usable one in this batch. Not known yet where one
    -- of them names a charge.
    leads boolean NOT NULL,
    charge_id bigint,
    -- Whether it enters, as its charge has enough left; null until asked.
    taken boolean
) ON COMMIT DELETE ROWS;

-- Empty already after a commit; not within one transaction.
DELETE FROM billing_intake;
DELETE FROM billing_resolved;
