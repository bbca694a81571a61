import django.db.models.functions.text
from django.core.management import CommandError
from django.db import migrations, models

SHARED = """
SELECT lower(email), string_agg(username, ', ' ORDER BY id)
FROM accounts_user WHERE email <> '' GROUP BY lower(email) HAVING count(*) > 1 ORDER BY 1
"""


def refuse_shared_emails(apps, schema_editor):
    """Say which users stand in the way: only people know who is who."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SHARED)
        shared = [f"  {names}" for _, names in cursor.fetchall()]
    if shared:
        raise CommandError(
            "\n".join(
                [
                    "From this version on no two users have the same email address. These share one:",
                    *shared,
                    "Change or remove it for all but one of them in the console, under Users; then migrate again.",
                ]
            )
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0021_groups_are_joined_at_a_time")]
    operations = [
        migrations.RunPython(refuse_shared_emails, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                condition=models.Q(("email", ""), _negated=True),
                name="staff_email_is_unique_in_any_case",
                violation_error_message="Another user has this email address.",
            ),
        ),
    ]
