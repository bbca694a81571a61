-- At most one transfer of a payout succeeded, and none of a payout that ended unpaid. Any other is owed back.
SELECT format(
    'payout %s is %s, and transfer %s of %s succeeded', payout.id, payout.status, attempt.stripe_id, attempt.amount
) AS finding
FROM payout_attempts AS attempt
JOIN payouts AS payout ON payout.id = attempt.payout_id
WHERE attempt.payout_id IN ({payouts})
    AND attempt.kind = 'transfer'
    AND attempt.status = 'succeeded'
    AND NOT (
        payout.stripe_transfer_id = attempt.stripe_id
        AND payout.status IN ('in_transit', 'paid', 'returned', 'reversed')
    )
    AND NOT EXISTS (
        SELECT FROM adjustments
        WHERE adjustments.source_key = 'transfer:' || attempt.stripe_id || ':unexpected'
            AND adjustments.amount = -attempt.amount
    )
