import accounts.models
import django.contrib.auth.validators
import django.db.models.functions.text
from django.core.management import CommandError
from django.db import migrations, models

FAULTS = """
SELECT u.username, u.id, 'has blanks in it' AS fault
FROM accounts_user AS u WHERE u.username !~ '^\\S+$'
UNION ALL
SELECT u.username, u.id, 'signs what the service does by itself'
FROM accounts_user AS u WHERE upper(u.username) = 'SYSTEM'
UNION ALL
SELECT u.username, u.id, format('differs from %L (id %s) only in case', other.username, other.id)
FROM accounts_user AS u JOIN accounts_user AS other
    ON lower(other.username) = lower(u.username) AND other.id < u.id
ORDER BY 2, 3
"""


def refuse_names_that_cannot_sign(apps, schema_editor):
    """Say which users stand in the way: a name that signs is changed by people, who know whose it is."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(FAULTS)
        faults = [f"  {name!r} (id {key}) {fault}" for name, key, fault in cursor.fetchall()]
    if faults:
        raise CommandError(
            "\n".join(
                [
                    "From this version on usernames sign what staff do, and never change. Rename these first:",
                    *faults,
                    "For example by: manage.py dbshell -- -c "
                    "\"UPDATE accounts_user SET username = 'another' WHERE id = 1\"; then migrate again.",
                ]
            )
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_staff_rights'),
    ]

    operations = [
        migrations.RunPython(refuse_names_that_cannot_sign, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='user',
            name='username',
            field=models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Signs what this person does, and never changes. Letters, digits and @ . + - _ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator(), accounts.models.can_sign]),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('username'), name='username_is_unique_in_any_case'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('username__regex', '^\\S+$')), name='username_has_no_blanks'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('username__iexact', 'system'), _negated=True), name='username_is_not_systems'),
        ),
    ]
