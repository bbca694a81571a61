from django.db import migrations

# Since when somebody is in a group: a right to approve counts only after some hours. Django's own table for this has no
# such column, and doesn't mind one that has a default.
ADD = "ALTER TABLE accounts_user_groups ADD COLUMN joined_at timestamptz NOT NULL DEFAULT now()"
DROP = "ALTER TABLE accounts_user_groups DROP COLUMN joined_at"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_found_by_search"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunSQL(ADD, DROP)]
