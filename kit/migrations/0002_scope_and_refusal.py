"""The SQL function that append-only triggers call."""

from django.db import migrations

from kit.guards import REFUSAL_FUNCTION


class Migration(migrations.Migration):
    dependencies = [("kit", "0001_the_first_tables")]
    operations = [REFUSAL_FUNCTION]
