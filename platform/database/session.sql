-- What our statements rely on, whatever server, database and role are set to. These are PostgreSQL's own defaults;
-- a search path that the connection's address names stays. What this server doesn't know isn't in pg_settings.
SELECT set_config(name, needed.setting, false)
FROM (
    VALUES
        ('default_transaction_isolation', 'read committed'),
        ('default_transaction_read_only', 'off'),
        -- What is committed before Stripe is called must outlive a crash.
        ('synchronous_commit', 'on'),
        -- Runs, imports and reconciliation last as long as they must; what may not sets a limit itself.
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
