-- A record as JSON, in the form in which it could have arrived.
SELECT jsonb_strip_nulls(jsonb_build_object(
    'record_id', record_id,
    'kind', kind,
    'api_id', nullif(api_external_id, ''),
    'creator_id', nullif(creator_external_id, ''),
    'subscription_id', nullif(subscription_id, ''),
    'customer_id', nullif(customer_id, ''),
    'amount', amount::text,
    'currency', currency,
    'occurred_at', occurred_at,
    'api_calls', api_calls::text,
    'related_record_id', nullif(related_record_id, '')
))
