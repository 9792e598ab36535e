"""Who was erased stands in a trail for days: nobody reads it but the house itself."""

from django.db import migrations

from kit.guards import row_scope


class Migration(migrations.Migration):
    dependencies = [("members", "0028_tags_of_ours_at_wecom")]

    operations = [row_scope("members_erasuretrail")]
