-- The gate is open: a check that ended less than a minute ago found no transfer at Stripe that this database lacks.
SELECT FROM installation WHERE checked_at > clock_timestamp() - interval '60 seconds'
