-- Enough to group in memory: sorting on disk takes three times as long.
SET LOCAL work_mem = '64MB';

CREATE TEMPORARY TABLE IF NOT EXISTS posting_row (
    creator_id uuid NOT NULL,
    currency text NOT NULL,
    period_start date NOT NULL,
    gross bigint NOT NULL,
    platform_fee bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- A commit empties it, but it may be used twice in one transaction.
DELETE FROM posting_row;
