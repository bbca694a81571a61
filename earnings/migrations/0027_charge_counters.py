from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("earnings", "0026_charges_told_by_kind")]
    operations = [
        # A reversal used to give back what the other kind took; such rows stay as they are.
        AddConstraintNotValid(
            model_name="chargetakeback",
            constraint=models.CheckConstraint(
                condition=Q(refunded__gte=0, charged_back__gte=0, amount__gte=F("refunded") + F("charged_back")),
                name="no_more_than_the_charge",
            ),
        ),
        migrations.AddIndex(
            model_name="billingrecord",
            index=models.Index(
                fields=["related_record_id", "source"],
                condition=~Q(related_record_id=""),
                name="record_by_charge",
            ),
        ),
    ]
