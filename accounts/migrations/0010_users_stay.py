from django.db import migrations

CREATE = """
CREATE FUNCTION refuse_to_lose_a_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what % did is signed by this name: users are never renamed or deleted, only deactivated', OLD.username
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER usernames_never_change BEFORE UPDATE OF username ON accounts_user
    FOR EACH ROW WHEN (OLD.username IS DISTINCT FROM NEW.username) EXECUTE FUNCTION refuse_to_lose_a_user();
CREATE TRIGGER users_are_never_deleted BEFORE DELETE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION refuse_to_lose_a_user();
"""

DROP = """
DROP TRIGGER users_are_never_deleted ON accounts_user;
DROP TRIGGER usernames_never_change ON accounts_user;
DROP FUNCTION refuse_to_lose_a_user();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_usernames_sign")]
    operations = [migrations.RunSQL(CREATE, DROP)]
