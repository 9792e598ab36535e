"""Rulings stay; a dispute is met by whoever is concerned, and by who answers for the store."""

from django.db import migrations

from kit.guards import append_only, covers, row_scope

CONCERNED = (
    f"{covers(store='store_id', guide='claimant_id')} OR EXISTS"
    " (SELECT 1 FROM stores_disputeparty p WHERE p.dispute_id = stores_dispute.id)"
)


class Migration(migrations.Migration):
    dependencies = [("stores", "0017_disputes_and_files")]

    operations = [
        append_only("stores_ruling"),
        row_scope("stores_ruling", store="store_no"),
        row_scope("stores_disputeparty", store="store_no", guide="guide_id"),
        migrations.RunSQL(
            "ALTER TABLE stores_dispute ENABLE ROW LEVEL SECURITY;"
            "ALTER TABLE stores_dispute FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY stores_dispute_scope ON stores_dispute USING ({CONCERNED})"
            f" WITH CHECK ({CONCERNED})",
            "DROP POLICY stores_dispute_scope ON stores_dispute;"
            "ALTER TABLE stores_dispute NO FORCE ROW LEVEL SECURITY;"
            "ALTER TABLE stores_dispute DISABLE ROW LEVEL SECURITY",
        ),
    ]
