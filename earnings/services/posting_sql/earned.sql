SELECT creator_id, currency, (period_start + interval '1 month')::date AS period_end, gross - platform_fee AS amount
FROM posting_row
