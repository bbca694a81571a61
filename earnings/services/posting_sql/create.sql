CREATE TEMPORARY TABLE IF NOT EXISTS posting_delta (
    batch_id bigint NOT NULL,
    creator_id uuid NOT NULL,
    api_id uuid NOT NULL,
    currency text NOT NULL,
    period_start date NOT NULL,
    commission_bps integer NOT NULL,
    gross bigint NOT NULL,
    refunds bigint NOT NULL,
    transactions bigint NOT NULL,
    api_calls bigint NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS posting_row (
    earning_id uuid NOT NULL,
    creator_id uuid NOT NULL,
    api_id uuid NOT NULL,
    currency text NOT NULL,
    period_start date NOT NULL,
    commission_bps integer NOT NULL,
    gross bigint NOT NULL,
    platform_fee bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- Empty already after a commit; not within one transaction.
DELETE FROM posting_delta;
DELETE FROM posting_row;
