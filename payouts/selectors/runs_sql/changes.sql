-- What differs between whom this run pays and whom the run before paid. Of each kind, the largest come first, with the
-- kind's count and sum on each row.
WITH now_paid AS (
    SELECT creator_id, currency, amount
    FROM payout_run_decisions
    WHERE run_id = %(run)s AND reason = 'paid'
),
paid_before AS (
    SELECT creator_id, currency, amount
    FROM payout_run_decisions
    WHERE run_id = %(before)s AND reason = 'paid'
),
compared AS (
    SELECT
        creator_id,
        currency,
        now_paid.amount AS now,
        paid_before.amount AS before,
        now_paid.amount IS NOT NULL
        AND NOT EXISTS (
            SELECT
            FROM payouts
            JOIN payout_runs AS run ON run.id = payouts.run_id
            WHERE payouts.creator_id = coalesce(now_paid.creator_id, paid_before.creator_id)
                AND run.cutoff < %(cutoff)s
                AND payouts.status <> ALL (%(dead)s)
        ) AS is_first
    FROM now_paid
    FULL JOIN paid_before USING (creator_id, currency)
),
change AS (
    SELECT kind.name AS kind, compared.*
    FROM compared
    CROSS JOIN LATERAL (
        SELECT 'first' AS name WHERE is_first
        UNION ALL
        SELECT 'new' WHERE before IS NULL AND NOT is_first AND %(before)s::uuid IS NOT NULL
        UNION ALL
        SELECT 'gone' WHERE now IS NULL
        UNION ALL
        SELECT 'grown' WHERE now > %(growth)s * before
        UNION ALL
        SELECT 'destination'
        FROM creator_payment_accounts AS account
        WHERE now IS NOT NULL
            AND account.creator_id = compared.creator_id
            AND account.replaced_at IS NULL
            AND account.external_account_since BETWEEN %(changed_since)s AND %(made_at)s
    ) AS kind
),
ranked AS (
    SELECT
        change.*,
        count(*) OVER whole AS count,
        sum(coalesce(now, before)) OVER whole AS total,
        row_number() OVER (whole ORDER BY coalesce(now, before) DESC, creator_id) AS place
    FROM change
    WINDOW whole AS (PARTITION BY kind, currency)
)
SELECT
    ranked.kind,
    ranked.currency,
    ranked.count,
    ranked.total::bigint,
    ranked.creator_id,
    ranked.now,
    ranked.before,
    decision.reason
FROM ranked
LEFT JOIN payout_run_decisions AS decision
    ON decision.run_id = %(run)s
    AND decision.creator_id = ranked.creator_id
    AND decision.currency = ranked.currency
WHERE ranked.place <= %(limit)s
ORDER BY ranked.kind, ranked.currency, ranked.place
