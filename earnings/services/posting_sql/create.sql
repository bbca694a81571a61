-- Groups are kept in memory: sorting them on disk takes three times as long.
SET LOCAL work_mem = '64MB';

CREATE TEMPORARY TABLE IF NOT EXISTS posting_row (
    creator_id uuid NOT NULL,
    currency text NOT NULL,
    period_start date NOT NULL,
    gross bigint NOT NULL,
    platform_fee bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- Empty already after a commit; not within one transaction.
DELETE FROM posting_row;
