-- Keep a body once, however often it is delivered.
INSERT INTO stripe_kept_bodies AS kept (
    digest, body, reason, note, told_id, told_type, told_account, event_id, deliveries
)
VALUES (
    %(digest)s, %(body)s, %(reason)s, %(note)s, %(told_id)s, %(told_type)s, %(told_account)s, %(event_id)s, 1
)
ON CONFLICT (digest) DO UPDATE SET deliveries = kept.deliveries + 1, last_received_at = now()
