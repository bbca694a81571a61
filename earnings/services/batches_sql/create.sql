CREATE TEMPORARY TABLE IF NOT EXISTS batch_outgoing (
    id bigint PRIMARY KEY,
    record_id text NOT NULL UNIQUE,
    batch_id bigint NOT NULL,
    reason text NOT NULL
) ON COMMIT DELETE ROWS;

-- A commit empties it, but it may be used twice in one transaction.
DELETE FROM batch_outgoing;
