WITH line AS MATERIALIZED (
    SELECT
        source_key,
        kind,
        account,
        currency,
        coalesce(creator_id, '00000000-0000-0000-0000-000000000000') AS owner_id,
        sum(amount)::bigint AS amount
    FROM ({lines}) AS lines
    GROUP BY source_key, kind, account, currency, owner_id
    HAVING sum(amount) <> 0
),
booked AS (
    INSERT INTO ledger_transactions (source_key, kind)
    SELECT DISTINCT source_key, kind FROM line ORDER BY source_key
    ON CONFLICT (source_key) DO NOTHING
    RETURNING id, source_key
),
-- Joined separately: the planner doesn't know how many rows there are, and might compare each line with each key.
fresh AS MATERIALIZED (
    SELECT booked.id AS transaction_id, line.owner_id, line.account, line.currency, line.amount
    FROM line
    JOIN booked USING (source_key)
),
-- The balance before this posting: our lock keeps others from changing it.
entry AS MATERIALIZED (
    SELECT
        fresh.transaction_id,
        account.ctid AS row,
        account.id AS account_id,
        fresh.currency,
        fresh.amount,
        account.balance
    FROM fresh
    JOIN ledger_accounts AS account
        ON account.owner_id = fresh.owner_id AND account.kind = fresh.account AND account.currency = fresh.currency
),
-- Found by ctid, which can't change under our lock: with a join by key, the planner might compare each with each.
moved AS (
    UPDATE ledger_accounts AS account
    SET balance = account.balance + total.amount
    FROM (SELECT row, sum(amount)::bigint AS amount FROM entry WHERE balance IS NOT NULL GROUP BY row) AS total
    WHERE account.ctid = total.row
),
written AS (
    INSERT INTO ledger_entries (transaction_id, account_id, currency, amount, balance_after)
    SELECT
        entry.transaction_id,
        entry.account_id,
        entry.currency,
        entry.amount,
        entry.balance + sum(entry.amount) OVER (PARTITION BY entry.account_id ORDER BY entry.transaction_id)
    FROM entry
    ORDER BY entry.transaction_id, entry.account_id
)
SELECT FROM booked
