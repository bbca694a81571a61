SELECT format('transaction %s is off by %s %s', transaction_id, sum(amount), currency) AS finding
FROM ledger_entries
WHERE transaction_id > {last_transaction}
GROUP BY transaction_id, currency
HAVING sum(amount) <> 0
