SELECT wanted.name, attname
FROM unnest(%(tables)s::text[]) AS wanted (name)
JOIN pg_attribute ON attrelid = to_regclass(wanted.name)
WHERE attnum > 0 AND NOT attisdropped
