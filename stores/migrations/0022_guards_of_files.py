from django.db import migrations

from kit.guards import row_scope


class Migration(migrations.Migration):
    dependencies = [
        ("stores", "0021_files_from_hq"),
    ]

    operations = [
        row_scope("stores_purchasefilepiece"),
        migrations.RunSQL(
            "UPDATE stores_purchaseimport SET state = 'done' WHERE finished_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
