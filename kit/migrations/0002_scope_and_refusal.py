"""The SQL functions that row policies and append-only triggers call."""

from django.db import migrations

from kit.guards import SCOPE_FUNCTION


class Migration(migrations.Migration):
    dependencies = [("kit", "0001_the_first_tables")]
    operations = [SCOPE_FUNCTION]
