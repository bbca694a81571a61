DELETE FROM unlinked_records WHERE record_id IN (SELECT id FROM batch_outgoing);
DELETE FROM charge_takebacks WHERE charge_id IN (SELECT id FROM batch_outgoing);
DELETE FROM billing_records WHERE id IN (SELECT id FROM batch_outgoing);
