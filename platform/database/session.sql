-- The settings that our statements rely on, whatever the server, database and role have set. They are PostgreSQL's
-- defaults. A search path in the connection's URL stays. Settings that this server doesn't have aren't in pg_settings.
SELECT set_config(name, needed.setting, false)
FROM (
    VALUES
        ('default_transaction_isolation', 'read committed'),
        ('default_transaction_read_only', 'off'),
        -- What is committed before a call to Stripe must survive a crash.
        ('synchronous_commit', 'on'),
        -- Runs, imports and reconciliation may take long; statements that may not set their own limits.
        ('statement_timeout', '0'),
        ('lock_timeout', '0'),
        ('transaction_timeout', '0'),
        ('idle_in_transaction_session_timeout', '0'),
        ('idle_session_timeout', '0'),
        ('search_path', '"$user", public'),
        -- How values are written and read.
        ('TimeZone', 'UTC'),
        ('DateStyle', 'ISO, MDY'),
        ('IntervalStyle', 'postgres'),
        ('bytea_output', 'hex'),
        ('extra_float_digits', '1'),
        ('standard_conforming_strings', 'on'),
        ('array_nulls', 'on')
) AS needed (name, setting)
JOIN pg_settings USING (name)
WHERE NOT (name = 'search_path' AND source = 'client')
