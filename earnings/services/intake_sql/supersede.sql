UPDATE quarantined_records
SET resolved_at = now(), resolution = %(resolution)s
WHERE source_id = %(source)s
    AND resolved_at IS NULL
    AND record_id IN (SELECT record_id FROM billing_records WHERE batch_id = %(batch)s)
