-- Everything that keeps each `candidate` from being paid, in the order in which a run checks. A candidate has a
-- creator_id, a currency and, in minor units, what would be paid (payable) and all that is unclaimed. `blocker` is
-- what the creator is told, `reason` what the run decides. A row without a reason doesn't stop the run.
SELECT
    candidate.creator_id,
    candidate.currency,
    found.rank,
    found.blocker,
    CASE found.blocker
        WHEN 'destination_refused' THEN 'on_hold'
        -- The payout is made, and held until the cool-down is over.
        WHEN 'cooling_down' THEN NULL
        WHEN 'account_gone' THEN 'account_restricted'
        WHEN 'account_disabled' THEN 'account_restricted'
        ELSE found.blocker
    END AS reason
FROM candidate
LEFT JOIN unnest(%(currencies)s::text[], %(minimums)s::bigint[]) AS minimum (currency, amount)
    ON minimum.currency = candidate.currency
LEFT JOIN ledger_accounts AS booked
    ON booked.owner_id = candidate.creator_id
    AND booked.kind = 'creator_payable'
    AND booked.currency = candidate.currency
LEFT JOIN creator_payment_accounts AS account
    ON account.creator_id = candidate.creator_id AND account.replaced_at IS NULL
CROSS JOIN LATERAL (
    SELECT
        bool_or(expires_at IS NULL AND NOT until_paid_elsewhere) AS for_now,
        bool_or(expires_at IS NULL AND until_paid_elsewhere) AS until_paid_elsewhere,
        bool_or(expires_at IS NOT NULL) AS cooling_down
    FROM holds
    WHERE holds.creator_id = candidate.creator_id AND holds.lifted_at IS NULL
) AS held
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN account.gone_at IS NOT NULL THEN 'account_gone'
            WHEN account.account_status = 'not_created' AND account.refused_country <> '' THEN 'country_not_supported'
            WHEN account.account_status IS NULL OR account.account_status = 'not_created' THEN 'no_account'
            WHEN account.account_status IN ('pending', 'onboarding') THEN 'onboarding_incomplete'
            WHEN account.account_status = 'disabled' THEN 'account_disabled'
            WHEN account.account_status <> 'active' THEN 'account_restricted'
        END AS blocker
) AS not_payable
-- A bank has refused no more than this as too small.
LEFT JOIN LATERAL (
    SELECT max(refused.net_amount) AS amount
    FROM payout_attempts AS attempt
    JOIN payouts AS refused ON refused.id = attempt.payout_id
    WHERE attempt.destination = account.stripe_account_id
        AND attempt.error_code = 'amount_too_small'
        AND attempt.kind = 'bank_payout'
        AND attempt.ended_at > %(refused_since)s
        AND refused.currency = candidate.currency
) AS too_small ON TRUE
LEFT JOIN
    unnest(%(bank_countries)s::text[], %(bank_currencies)s::text[], %(bank_minimums)s::bigint[])
        AS bank (country, currency, amount)
    ON bank.country = account.country AND bank.currency = account.default_currency
-- The rate of the latest transfer that was converted alike. Without one, the bank may still refuse the amount.
LEFT JOIN LATERAL (
    SELECT earlier.net_amount, earlier.arrival_amount
    FROM payouts AS earlier
    WHERE earlier.currency = candidate.currency
        AND earlier.bank_currency = bank.currency
        AND earlier.bank_currency <> ''
        AND earlier.bank_currency <> earlier.currency
        AND earlier.arrival_amount > 0
    ORDER BY earlier.created_at DESC
    LIMIT 1
) AS rate ON bank.currency <> candidate.currency
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN bank.currency = candidate.currency THEN bank.amount
            -- The rate may have moved by three hundredths.
            ELSE bank.amount * 1.03 * rate.net_amount / rate.arrival_amount
        END AS amount
) AS bank_minimum
CROSS JOIN LATERAL (
    VALUES
    (1, 'no_minimum_for_currency', minimum.amount IS NULL),
    (2, 'negative_balance', candidate.payable < 0),
    (3, 'below_minimum', candidate.payable >= 0 AND candidate.payable < minimum.amount),
    (4, 'below_bank_minimum', candidate.payable >= 0 AND (
        candidate.payable <= too_small.amount OR candidate.payable < bank_minimum.amount
    )),
    (5, 'on_hold', held.for_now),
    (6, 'destination_refused', held.until_paid_elsewhere),
    (7, 'cooling_down', held.cooling_down),
    (8, not_payable.blocker, not_payable.blocker IS NOT NULL),
    (9, 'previous_payout_open', EXISTS (
        SELECT FROM payouts AS previous
        WHERE previous.creator_id = candidate.creator_id
            AND previous.currency = candidate.currency
            AND previous.status = ANY(%(blocks_the_next)s)
            AND NOT (previous.status = ANY(%(may_be_overtaken)s) AND previous.created_at < %(overtaken_before)s)
    )),
    (10, 'books_disagree', (candidate.unclaimed IS DISTINCT FROM coalesce(booked.balance, 0)))
) AS found (rank, blocker, applies)
WHERE found.applies
