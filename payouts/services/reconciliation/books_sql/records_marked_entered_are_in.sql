SELECT format('quarantined record %s (%s) is marked as entered but is missing', held.id, held.record_id) AS finding
FROM quarantined_records AS held
LEFT JOIN billing_records AS record ON record.source_id = held.source_id AND record.record_id = held.record_id
WHERE held.resolution IN ('entered', 'unlinked') AND held.resolved_at >= {since} AND record.id IS NULL
