SELECT id FROM creator_earnings WHERE id >= {made_since}
UNION
SELECT earning_id FROM earning_postings WHERE posting_id > {last_posting}
