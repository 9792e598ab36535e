"""A guide reads the touches and purchases of the members she owns now, whoever served them."""

from django.db import migrations

from kit.guards import append_only, covers, row_scope

# Uncorrelated, so PostgreSQL runs it once per query; without a guide in scope it is empty.
OWNED = """
  member_no IN (SELECT o.member_no FROM stores_ownership o WHERE o.until IS NULL
    AND o.guide_no = NULLIF(current_setting('scope.guide', true), '')::bigint)
"""


def also_owned(table: str, condition: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER POLICY {table}_scope ON {table} USING ({condition} OR {OWNED})",
        f"ALTER POLICY {table}_scope ON {table} USING ({condition})",
    )


class Migration(migrations.Migration):
    dependencies = [("stores", "0003_late_members_and_refunds")]

    operations = [
        also_owned("stores_touch", covers(store="store_no", guide="guide_no", member="member_no")),
        also_owned("stores_purchaseline", covers(store="store_no", guide="served_by_no", member="member_no")),
        append_only("stores_receiptmember"),
        row_scope("stores_receiptmember", store="store_no", member="member_no"),
        also_owned(
            "stores_receiptmember", covers(store="store_no", member="member_no")
        ),
    ]
