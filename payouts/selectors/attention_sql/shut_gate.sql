-- Whether payouts have waited at the gate for a while: due, and no check of Stripe's transfers in that time.
SELECT coalesce(checked_at, installed_at) AS since
FROM installation
WHERE coalesce(checked_at, installed_at) <= %(before)s
    AND EXISTS (
        SELECT FROM payouts WHERE status IN ('pending', 'processing') AND next_retry_at <= %(before)s
    )
