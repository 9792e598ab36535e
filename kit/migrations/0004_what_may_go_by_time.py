"""Records that nobody changes, and that end when the law lets them."""

from django.db import migrations

from kit.guards import TIME_FUNCTION


class Migration(migrations.Migration):
    dependencies = [("kit", "0003_what_was_given_up")]

    operations = [TIME_FUNCTION]
