from django.db import migrations, models

# An external id contains no slash, so different payouts can't give the same text.
CREATE = """
CREATE FUNCTION transfer_group(creator text, currency text, cutoff date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT left(encode(sha256(convert_to(
        creator || '/' || currency || '/' || to_char(cutoff, 'YYYY-MM-DD'), 'UTF8'
    )), 'hex'), 32)
$$;
CREATE FUNCTION payout_reference(creator text, currency text, cutoff date, ordinal integer) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT left(encode(sha256(convert_to(
        creator || '/' || currency || '/' || to_char(cutoff, 'YYYY-MM-DD') || '/' || ordinal, 'UTF8'
    )), 'hex'), 32)
$$;
"""
DROP = """
DROP FUNCTION payout_reference(text, text, date, integer);
DROP FUNCTION transfer_group(text, text, date);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("stripe_io", "0006_installation_uuid"),
        ("payouts", "0024_books_checkpoints"),
    ]
    operations = [
        migrations.RunSQL(CREATE, DROP),
        migrations.AddField("payout", "ordinal", models.PositiveIntegerField(null=True)),
        migrations.AddField("payout", "reference", models.CharField(max_length=36, null=True)),
        migrations.AddField("payout", "transfer_group", models.CharField(max_length=36, null=True)),
        migrations.AddField("payoutattempt", "metadata", models.JSONField(default=dict)),
    ]
