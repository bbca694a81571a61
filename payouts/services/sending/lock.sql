-- Lock a payout, and read with it what identifies it at Stripe.
SELECT
    payout.*,
    creator.external_id AS creator_external_id,
    coalesce(run.cutoff, payout.period_end) AS cutoff,
    (SELECT uuid FROM installation) AS installation_uuid
FROM payouts AS payout
JOIN creators AS creator ON creator.id = payout.creator_id
LEFT JOIN payout_runs AS run ON run.id = payout.run_id
WHERE payout.id = %(payout)s
FOR NO KEY UPDATE OF payout
