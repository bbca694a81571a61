from django.db import migrations

FORWARD = """
INSERT INTO paid_totals (creator_id, api_id, currency, gross, net, last_updated)
SELECT earning.creator_id, earning.api_id, earning.currency, sum(gross), sum(net), max(earning.updated_at)
FROM creator_earnings AS earning
JOIN payouts AS payout ON payout.id = earning.payout_id
WHERE payout.status = 'paid'
GROUP BY earning.creator_id, earning.api_id, earning.currency;
"""


class Migration(migrations.Migration):
    dependencies = [("earnings", "0010_paid_totals")]
    operations = [migrations.RunSQL(FORWARD, "DELETE FROM paid_totals")]
