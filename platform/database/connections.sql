-- A role that can't read all statistics doesn't see the type of other roles' backends. They count if they are in a
-- database.
WITH used AS (
    SELECT
        count(*) AS in_all,
        count(*) FILTER (WHERE datname = current_database()) AS in_database,
        count(*) FILTER (WHERE usename = session_user) AS by_role
    FROM pg_stat_activity
    WHERE datname IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
),
bounds AS (
    SELECT
        current_setting('max_connections')::integer
            - current_setting('superuser_reserved_connections')::integer
            -- Since PostgreSQL 16.
            - coalesce(current_setting('reserved_connections', true), '0')::integer AS "limit",
        in_all AS used
    FROM used
    UNION ALL
    SELECT datconnlimit, in_database FROM pg_database, used WHERE datname = current_database() AND datconnlimit >= 0
    UNION ALL
    SELECT rolconnlimit, by_role FROM pg_roles, used WHERE rolname = session_user AND rolconnlimit >= 0
)
SELECT "limit", used FROM bounds ORDER BY "limit" - used LIMIT 1
