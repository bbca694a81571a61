-- Settings that our statements rely on, whatever the server's and role's defaults. For this transaction only, so that a
-- pooler can sit in between. The role or the connection URL determines the schema.
SET LOCAL TIME ZONE 'UTC';
SET LOCAL datestyle = 'ISO, MDY';
-- We read all rows of a cursor, not just the first tenth.
SET LOCAL cursor_tuple_fraction = 1;
-- A locked table must not block the hourly task for longer than the broker waits for it.
SET LOCAL statement_timeout = '10min';
SET LOCAL lock_timeout = 0;
-- Between two chunks we are idle here, taking in the first.
SET LOCAL idle_in_transaction_session_timeout = 0;
-- Since PostgreSQL 17.
SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout'
