-- Which of our attempts and payouts the objects name. A transfer's metadata can be edited, its group can't; if it names
-- no payout of its group, it is taken for the latest one there. One that names a payout we don't have is of none.
UPDATE stripe_transfers AS listed
SET attempt_id = attempt.id
FROM payout_attempts AS attempt
WHERE attempt.idempotency_key = listed.attempt_key;
UPDATE stripe_bank_payouts AS listed
SET attempt_id = attempt.id
FROM payout_attempts AS attempt
WHERE attempt.idempotency_key = listed.attempt_key;
UPDATE stripe_transfers AS listed
SET payout_id = (
    SELECT payout.id
    FROM payouts AS payout
    WHERE payout.transfer_group = listed.transfer_group
        AND (listed.reference = '' OR EXISTS (SELECT FROM payouts AS named WHERE named.reference = listed.reference))
    ORDER BY payout.reference = listed.reference DESC, payout.ordinal DESC
    LIMIT 1
);
