-- What our statements rely on, whatever the marketplace's server and role are set to: for this transaction only, so
-- that a pooler may stand between. Which schema is read is for the role, or the address, to say.
SET LOCAL TIME ZONE 'UTC';
SET LOCAL datestyle = 'ISO, MDY';
-- All rows of a cursor are read, not the first tenth.
SET LOCAL cursor_tuple_fraction = 1;
-- A table that is locked must not keep the hourly task for longer than its broker waits for it.
SET LOCAL statement_timeout = '10min';
SET LOCAL lock_timeout = 0;
-- Between two chunks the first is taken in here.
SET LOCAL idle_in_transaction_session_timeout = 0;
-- Since PostgreSQL 17.
SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout'
