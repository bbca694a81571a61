-- A page of an account's entries, newest first, each with the balance after it. The first one's comes from the entry
-- itself, or from the last checkpoint of the books before it: so no page reads the history before that.
WITH page AS MATERIALIZED (
    SELECT id, transaction_id, amount, balance_after
    FROM ledger_entries
    WHERE account_id = %(account)s AND id < %(before)s
    ORDER BY id DESC
    LIMIT %(limit)s
),
oldest AS (
    SELECT id, amount, balance_after FROM page ORDER BY id LIMIT 1
),
known AS (
    SELECT checkpoint.last_entry, balance.amount
    FROM books_checkpoints AS checkpoint
    JOIN books_checkpoint_balances AS balance
        ON balance.checkpoint_id = checkpoint.id AND balance.account_id = %(account)s
    WHERE checkpoint.last_entry < (SELECT id FROM oldest)
    ORDER BY checkpoint.id DESC
    LIMIT 1
),
opening AS (
    SELECT
        coalesce(
            oldest.balance_after - oldest.amount,
            coalesce((SELECT amount FROM known), 0) + coalesce((
                SELECT sum(entry.amount)
                FROM ledger_entries AS entry
                WHERE entry.account_id = %(account)s
                    AND entry.id > coalesce((SELECT last_entry FROM known), 0)
                    AND entry.id < oldest.id
            ), 0)
        ) AS balance
    FROM oldest
)
SELECT
    page.id,
    page.transaction_id,
    booked.source_key,
    booked.kind,
    booked.created_at,
    page.amount,
    (opening.balance + sum(page.amount) OVER (ORDER BY page.id))::bigint AS balance
FROM page
CROSS JOIN opening
JOIN ledger_transactions AS booked ON booked.id = page.transaction_id
ORDER BY page.id DESC
