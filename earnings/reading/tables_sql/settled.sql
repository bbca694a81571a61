-- Everything up to `settled_until` is committed: transactions that commit later began after it. (A replica can't see
-- its primary's open transactions, and has only what was replayed.)
SELECT
    least(
        statement_timestamp(),
        min(xact_start),
        CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_xact_replay_timestamp(), 'epoch') END
    ) AS settled_until,
    pg_has_role('pg_read_all_stats', 'USAGE') AND NOT pg_is_in_recovery() AS sees_all
FROM pg_stat_activity
WHERE datname = current_database()
    AND pid <> pg_backend_pid()
    AND backend_type <> 'autovacuum worker'
