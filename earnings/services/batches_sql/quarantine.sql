-- Each record as its source would have written it. A record that names a charge has the charge's creator and API, so it
-- names neither.
INSERT INTO quarantined_records (source_id, batch_id, record_id, reason, content, resolution)
SELECT source_id, batch_id, record_id, reason, ({content}), ''
FROM (
    SELECT
        record.*,
        outgoing.reason,
        CASE WHEN record.related_record_id = '' THEN api.external_id END AS api_external_id,
        CASE WHEN record.related_record_id = '' THEN creator.external_id END AS creator_external_id
    FROM batch_outgoing AS outgoing
    JOIN billing_records AS record ON record.id = outgoing.id
    LEFT JOIN apis AS api ON api.id = record.api_id
    LEFT JOIN creators AS creator ON creator.id = record.creator_id
) AS removed
ORDER BY id
ON CONFLICT (source_id, fingerprint) WHERE resolved_at IS NULL DO UPDATE
SET reason = excluded.reason, batch_id = excluded.batch_id
