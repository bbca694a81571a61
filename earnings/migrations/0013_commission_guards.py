from django.db import migrations, models
from django.db.models import Q

CREATE = """
CREATE TRIGGER commission_rates_are_append_only BEFORE UPDATE OR DELETE ON commission_rates
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
DROP = "DROP TRIGGER commission_rates_are_append_only ON commission_rates"


class Migration(migrations.Migration):
    dependencies = [("earnings", "0012_commission_plans")]
    operations = [
        migrations.AddConstraint(
            model_name="commissionrate",
            constraint=models.CheckConstraint(
                condition=Q(creator__isnull=True) | Q(api__isnull=True), name="commission_is_of_one_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="commissionrate",
            constraint=models.CheckConstraint(
                condition=Q(bps__isnull=False) | Q(creator__isnull=False) | Q(api__isnull=False),
                name="commission_always_has_a_default",
            ),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
