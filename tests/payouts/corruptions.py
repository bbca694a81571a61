"""Corruptions of the tables, as a bad restore or a manual change could cause them."""

from typing import NamedTuple


class Corruption(NamedTuple):
    """A corruption, the statement that causes it, and the validation or constraint that reports it."""

    what: str
    statement: str
    found_by: str


CORRUPTIONS = [
    Corruption(
        "posted batches wait again, as if overlooked",
        """
            UPDATE billing_batches
            SET posted_at = NULL, posting_id = NULL, received_at = received_at - interval '4 hours'
        """,
        "accepted_records_reach_their_earnings",
    ),
    Corruption(
        "an adjustment is for more",
        "UPDATE adjustments SET amount = amount + 1 WHERE status = 'approved'",
        "adjustments_are_as_booked",
    ),
    Corruption(
        "a charge is taken back by nothing",
        """
            INSERT INTO charge_takebacks (charge_id, amount, refunded, charged_back) SELECT id, amount, 1, 0
            FROM billing_records WHERE kind = 'charge' LIMIT 1
        """,
        "charges_are_taken_back_as_recorded",
    ),
    Corruption(
        "a waiting payout loses its rows",
        """
            UPDATE creator_earnings SET payout_id = NULL WHERE payout_id = (SELECT id FROM payouts
            WHERE status = 'pending')
        """,
        "creator_payable_is_unclaimed_earnings",
    ),
    Corruption(
        "a dead payout holds a row",
        """
            UPDATE creator_earnings AS earning SET payout_id = dead.id FROM payouts AS dead
            WHERE dead.status = 'failed' AND earning.creator_id = dead.creator_id AND earning.payout_id IS NULL
                AND earning.closed_at IS NOT NULL
        """,
        "dead_payouts_hold_no_rows",
    ),
    Corruption(
        "a payout that was not reversed lost something to the exchange rate",
        "UPDATE payouts SET fx_loss = 1 WHERE status = 'paid'",
        "payout_reversed_came_back_whole",
    ),
    Corruption(
        "a payout places what nobody approved",
        "UPDATE payouts SET amount_reversed = 1, amount_placed = 1 WHERE status = 'paid'",
        "payouts_place_what_was_approved",
    ),
    Corruption(
        "rows count more transactions",
        "UPDATE creator_earnings SET transactions = transactions + 1",
        "earnings_are_the_sum_of_their_postings",
    ),
    Corruption(
        "a ledger account runs another balance",
        "UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'payouts_reserved'",
        "ledger_balances_are_the_sum_of_entries",
    ),
    Corruption(
        "an entry is for more",
        """
            UPDATE ledger_entries SET amount = amount + 1 WHERE id = (SELECT max(id) FROM ledger_entries)
        """,
        "ledger_transactions_sum_to_zero",
    ),
    Corruption(
        "lines bear another rate",
        "UPDATE payout_line_items SET commission_bps = 1000",
        "lines_are_as_their_earnings",
    ),
    Corruption(
        "a payout that was sent loses its rows",
        """
            UPDATE creator_earnings SET payout_id = NULL WHERE payout_id = (SELECT id FROM payouts
            WHERE status = 'paid')
        """,
        "live_payouts_are_the_sum_of_their_rows",
    ),
    Corruption(
        "a payout is no longer paid, and still in the totals",
        "UPDATE payouts SET status = 'in_transit' WHERE status = 'paid'",
        "paid_totals_are_the_sum_of_paid_rows",
    ),
    Corruption(
        "payouts are of more gross and fees",
        "UPDATE payouts SET gross_amount = gross_amount + 1, platform_fee = platform_fee + 1",
        "payouts_are_the_sum_of_their_lines",
    ),
    Corruption(
        "a payout is cancelled without its ledger",
        "UPDATE payouts SET status = 'cancelled' WHERE status = 'pending'",
        "payouts_reserved_is_payouts_unsent",
    ),
    Corruption(
        "a transfer moved another amount",
        "UPDATE payout_attempts SET amount = amount + 1 WHERE status = 'succeeded'",
        "payouts_sent_have_one_transfer",
    ),
    Corruption(
        "a posted record is for more",
        """
            UPDATE billing_records SET amount = amount + 1 WHERE id = (SELECT min(id) FROM billing_records)
        """,
        "postings_are_the_sum_of_their_records",
    ),
    Corruption(
        "a record names another batch",
        "UPDATE billing_records SET batch_id = -1 WHERE id = (SELECT max(id) FROM billing_records)",
        "batches_hold_what_they_accepted",
    ),
    Corruption(
        "a payout that was sent waits again",
        "UPDATE payouts SET status = 'pending' WHERE status = 'paid'",
        "stripe_balance_is_payouts_sent",
    ),
    Corruption(
        "a part of a transfer came back unbooked",
        "UPDATE payouts SET amount_reversed = 1 WHERE status = 'paid'",
        "suspense_is_reversals_unplaced",
    ),
    Corruption(
        "a batch is stamped as posted, and never was",
        "UPDATE billing_batches SET posted_at = now() WHERE posted_at IS NULL",
        "batch_posted_has_its_posting",
    ),
    Corruption(
        "a posted batch is set back to unposted",
        """
            UPDATE billing_batches SET posted_at = NULL WHERE id = (SELECT max(id) FROM billing_batches
            WHERE posted_at IS NOT NULL)
        """,
        "batch_posted_has_its_posting",
    ),
    Corruption(
        "a record that waits is deleted",
        """
            DELETE FROM billing_records WHERE batch_id IN (SELECT id FROM billing_batches
            WHERE posted_at IS NULL)
        """,
        "batches_hold_what_they_accepted",
    ),
    Corruption(
        "a record that waits is changed",
        """
            UPDATE billing_records SET amount = amount * 100 WHERE batch_id IN (SELECT id
            FROM billing_batches WHERE posted_at IS NULL)
        """,
        "batches_hold_what_they_accepted",
    ),
    Corruption(
        "a batch says that more was accepted",
        "UPDATE billing_batches SET accepted = accepted + 5",
        "batches_hold_what_they_accepted",
    ),
    Corruption(
        "the calls of records are changed",
        "UPDATE billing_records SET api_calls = api_calls + 1000",
        "postings_are_the_sum_of_their_records",
    ),
    Corruption(
        "a charge becomes a refund reversal",
        """
            UPDATE billing_records SET kind = 'refund_reversal' WHERE kind = 'charge'
            AND id = (SELECT min(id) FROM billing_records)
        """,
        "postings_are_the_sum_of_their_records",
    ),
    Corruption(
        "the subscriptions of records are changed",
        "UPDATE billing_records SET subscription_id = 'other'",
        "batches_hold_what_they_accepted",
    ),
    Corruption(
        "refunds, transactions and calls of a row and its trace are changed alike",
        """
            WITH x AS (UPDATE earning_postings
            SET refunds = refunds + 500, transactions = transactions + 3, api_calls = api_calls + 9
            WHERE earning_id IN (SELECT earning_id FROM earning_postings GROUP BY 1 HAVING count(*) = 1)
            RETURNING earning_id) UPDATE creator_earnings e
            SET refunds = refunds + 500, transactions = transactions + 3, api_calls = api_calls + 9 FROM x
            WHERE e.id = x.earning_id
        """,
        "postings_are_the_sum_of_their_records",
    ),
    Corruption(
        "the row that caps a charge is deleted",
        "DELETE FROM charge_takebacks",
        "charges_are_taken_back_as_recorded",
    ),
    Corruption(
        "the cap of a charge is raised",
        "UPDATE charge_takebacks SET amount = amount * 10",
        "charges_are_taken_back_as_recorded",
    ),
    Corruption(
        "a refund bears another creator than its charge",
        """
            UPDATE billing_records SET creator_id = (SELECT id FROM creators WHERE external_id = 'bob')
            WHERE related_record_id <> ''
        """,
        "records_bear_their_owner_and_rate",
    ),
    Corruption(
        "a quarantined record is marked entered, and is not in",
        """
            INSERT INTO quarantined_records (source_id, batch_id, record_id, reason, content, resolution,
            resolved_at)
            SELECT source_id, id, 'gone-1', 'api_unknown', '{"record_id": "gone-1"}', 'entered', now()
            FROM billing_batches LIMIT 1
        """,
        "records_marked_entered_are_in",
    ),
    Corruption(
        "the owner of an API is rewritten",
        "UPDATE api_ownerships SET creator_id = (SELECT id FROM creators WHERE external_id = 'bob')",
        "records_bear_their_owner_and_rate",
    ),
    Corruption(
        "a commission rate is rewritten",
        "UPDATE commission_rates SET bps = 500",
        "records_bear_their_owner_and_rate",
    ),
    Corruption(
        "fees are moved to receipts",
        """
            UPDATE ledger_entries SET account_id = (SELECT id FROM ledger_accounts WHERE kind = 'receipts'
            AND currency = 'USD') WHERE account_id = (SELECT id FROM ledger_accounts
            WHERE kind = 'platform_fees' AND currency = 'USD')
        """,
        "platform_accounts_are_as_the_tables",
    ),
    Corruption(
        "fees and receipts are off by the same",
        """
            UPDATE ledger_entries e
            SET amount = amount + CASE a.kind WHEN 'platform_fees' THEN 1000 ELSE -1000 END
            FROM ledger_accounts a WHERE a.id = e.account_id AND a.kind IN ('platform_fees', 'receipts')
            AND e.transaction_id = (SELECT min(id) FROM ledger_transactions)
        """,
        "ledger_transactions_book_their_facts",
    ),
    Corruption(
        "the other side of an adjustment is moved",
        """
            UPDATE ledger_entries SET account_id = (SELECT id FROM ledger_accounts WHERE kind = 'write_offs')
            WHERE account_id = (SELECT id FROM ledger_accounts WHERE kind = 'adjustments')
        """,
        "platform_accounts_are_as_the_tables",
    ),
    Corruption(
        "running balances of entries are wrong",
        "UPDATE ledger_entries SET balance_after = balance_after + 77 WHERE balance_after IS NOT NULL",
        "ledger_balances_run_through_their_entries",
    ),
    Corruption(
        "entries are in another currency than their accounts",
        """
            UPDATE ledger_entries SET currency = 'EUR' WHERE transaction_id = (SELECT min(id)
            FROM ledger_transactions)
        """,
        "ledger_entries_belong_where_they_are",
    ),
    Corruption(
        "source keys are changed",
        "UPDATE ledger_transactions SET source_key = source_key || 'x'",
        "ledger_transactions_book_their_facts",
    ),
    Corruption(
        "transactions are deleted under their entries",
        "DELETE FROM ledger_transactions",
        "ledger_entries_belong_where_they_are",
    ),
    Corruption(
        "a line names another API",
        """
            UPDATE payout_line_items SET api_id = (SELECT id FROM apis WHERE external_id = 'api-charlie')
        """,
        "lines_are_as_their_earnings",
    ),
    Corruption(
        "a line says another period, subscriptions and calls",
        """
            UPDATE payout_line_items
            SET period_end = period_end + 30, total_subscriptions = 99, total_api_calls = 99, description = 'x'
        """,
        "lines_count_their_subscriptions",
    ),
    Corruption(
        "lines of two payouts swap their earnings",
        """
            UPDATE payout_line_items l SET earning_id = o.earning_id FROM payout_line_items o
            WHERE l.id <> o.id AND l.net_revenue = o.net_revenue AND l.platform_fee = o.platform_fee
            AND l.period_start = o.period_start AND l.payout_id <> o.payout_id
        """,
        "lines_are_as_their_earnings",
    ),
    Corruption(
        "a payout's period is changed",
        "UPDATE payouts SET period_start = period_start - 400, period_end = period_end + 400",
        "payouts_span_their_lines",
    ),
    Corruption(
        "a payout is of a run that came before its earnings",
        "UPDATE payout_runs SET cutoff = cutoff - 31",
        "runs_claim_only_debts_of_later_periods",
    ),
    Corruption(
        "a payout has two transfers",
        """
            INSERT INTO payout_attempts
            SELECT (jsonb_populate_record(NULL::payout_attempts, to_jsonb(a) || jsonb_build_object('id',
            uuid7(), 'stripe_id', 'tr_second', 'idempotency_key', 'second'))).*
            FROM payout_attempts a WHERE kind = 'transfer' AND status = 'succeeded'
        """,
        "transfers_are_of_live_payouts",
    ),
    Corruption(
        "a failed payout has a transfer",
        """
            UPDATE payout_attempts SET status = 'succeeded', stripe_id = 'tr_x' WHERE payout_id = (SELECT id
            FROM payouts WHERE status = 'failed')
        """,
        "transfers_are_of_live_payouts",
    ),
    Corruption(
        "events of payouts are deleted",
        "DELETE FROM payout_events WHERE to_status = 'paid'",
        "payout_histories_lead_to_their_states",
    ),
    Corruption("payouts lose their run", "UPDATE payouts SET run_id = NULL", "runs_paid_what_they_decided"),
    Corruption(
        "a paid payout loses its time",
        "UPDATE payouts SET paid_at = NULL WHERE status = 'paid'",
        "payout_paid_has_its_time",
    ),
    Corruption(
        "paid totals say they are old",
        "UPDATE paid_totals SET last_updated = '2000-01-01'",
        "paid_totals_are_the_sum_of_paid_rows",
    ),
    Corruption(
        "a dead payout is of another currency than its lines",
        "UPDATE payouts SET currency = 'EUR' WHERE status = 'failed'",
        "lines_are_as_their_earnings",
    ),
    Corruption(
        "revenue is changed",
        "UPDATE platform_revenue SET total_gross_revenue = total_gross_revenue + 1000000",
        "platform_revenue_is_as_the_tables",
    ),
    Corruption("revenue is missing", "DELETE FROM platform_revenue", "platform_revenue_is_as_the_tables"),
    Corruption(
        "a report is rewritten",
        """
            UPDATE monthly_reports SET figures = '{"currencies": {}, "prior_period_adjustments": {}}'
        """,
        "monthly_reports_are_as_made",
    ),
    Corruption(
        "decisions are changed",
        "UPDATE payout_run_decisions SET amount = amount + 1, reason = 'below_minimum'",
        "runs_paid_what_they_decided",
    ),
    Corruption(
        "a period crosses months",
        "UPDATE creator_earnings SET period_end = period_end + 20 WHERE api_id IS NOT NULL",
        "earning_period_is_within_a_month",
    ),
    Corruption(
        "an undoing names another write-off",
        """
            UPDATE adjustments SET write_off_id = (SELECT max(id::text)::uuid FROM adjustments WHERE kind = 'write_off')
            WHERE kind = 'write_off_undone'
        """,
        "undoings_stay_within_their_write_offs",
    ),
    Corruption(
        "a write-off is said to have been undone before",
        "UPDATE adjustments SET undone_before = 1 WHERE kind = 'write_off'",
        "undoings_stay_within_their_write_offs",
    ),
    Corruption(
        "an undoing names a correction",
        """
            UPDATE adjustments SET write_off_id = (SELECT id FROM adjustments WHERE kind = 'correction')
            WHERE kind = 'write_off_undone'
        """,
        "undoings_stay_within_their_write_offs",
    ),
    Corruption(
        "an undoing names no write-off",
        "UPDATE adjustments SET write_off_id = NULL WHERE kind = 'write_off_undone'",
        "adjustment_undoing_names_its_write_off",
    ),
    Corruption(
        "more counts towards a write-off than was earned",
        "UPDATE earned_since_write_offs SET earned = earned + 1",
        "earnings_count_towards_write_offs",
    ),
    Corruption(
        "what counts towards a write-off is gone",
        "DELETE FROM earned_since_write_offs",
        "earnings_count_towards_write_offs",
    ),
    Corruption(
        "a write-off counts from its creator's beginnings on",
        "UPDATE adjustments SET counted_from_id = (SELECT min(id) FROM ledger_transactions) WHERE kind = 'write_off'",
        "earnings_count_towards_write_offs",
    ),
    Corruption(
        "an undoing, its row and its entries are of less",
        """
            WITH less AS (
                UPDATE adjustments SET amount = amount + 1 WHERE kind = 'write_off_undone' RETURNING id, earning_id
            ), earned AS (
                UPDATE creator_earnings AS earning SET gross = gross + 1 FROM less WHERE earning.id = less.earning_id
            )
            UPDATE ledger_entries AS entry SET amount = entry.amount + CASE WHEN entry.amount < 0 THEN 1 ELSE -1 END
            FROM less
            JOIN ledger_transactions AS booking ON booking.source_key = 'adjustment:' || less.id
            WHERE entry.transaction_id = booking.id
        """,
        "write_offs_are_undone_as_earned",
    ),
    Corruption(
        "a sale that undoes counts as none",
        "UPDATE adjustments SET counts_as_earned = NOT counts_as_earned WHERE kind = 'write_off_undone'",
        "adjustment_counts_as_its_kind_says",
    ),
    Corruption(
        "the acts of a day are sealed as they never were",
        "INSERT INTO act_seals (day, acts, digest) VALUES (current_date - 1, 0, 'forged')",
        "acts_are_as_sealed",
    ),
]
