"""Accounts from before were all opened by v1; what the next answer from Stripe would say of them is known already."""

from django.db import migrations

FILL = """
UPDATE creator_payment_accounts AS account
SET api = 'v1',
    opening_email = creator.email,
    first_active_at = CASE
        WHEN account.account_status = 'active'
        THEN coalesce(account.onboarding_completed_at, account.synced_at, account.created_at)
    END
FROM creators AS creator
WHERE creator.id = account.creator_id
    AND (account.openings > 0 OR account.stripe_account_id IS NOT NULL OR account.opening_since IS NOT NULL)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_accounts_by_api'),
    ]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
