SET LOCAL TIME ZONE 'UTC';
SET LOCAL datestyle = 'ISO';
-- All rows of a cursor are read, not the first tenth.
SET LOCAL cursor_tuple_fraction = 1;
-- A table that is locked must not keep the hourly task for longer than its broker waits for it.
SET LOCAL statement_timeout = '10min';
