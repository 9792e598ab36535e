"""Who meets a transfer: the store that decides about it, and the successor. And stand-ins."""

from django.db import migrations

from kit.guards import covers, row_scope

# Uncorrelated, so PostgreSQL runs it once per query; `stores.org.queries.leaves_now` says the same.
ON_LEAVE = """(SELECT h.guide_id FROM stores_handovershare s
    JOIN stores_handover h ON h.id = s.hand_over_id
    WHERE s.successor_id = NULLIF(current_setting('scope.guide', true), '')::bigint
      AND h.reason = 'leave' AND h.state = 'decided' AND h.starts_at <= statement_timestamp()
      AND (h.ends_at IS NULL OR h.ends_at > statement_timestamp()))"""
STORE_OF_GUIDE = "(SELECT g.store_id FROM stores_guide g WHERE g.id = guide_id)"


def also_stood_in_for(table: str, condition: str, guide: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER POLICY {table}_scope ON {table} USING ({condition} OR {guide} IN {ON_LEAVE})",
        f"ALTER POLICY {table}_scope ON {table} USING ({condition})",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0003_customers_pass_on"),
        ("stores", "0008_a_stand_in_reads_too"),
    ]

    operations = [
        row_scope("members_customertransfer", store="store_id", guide="to_guide_id"),
        row_scope("members_customerchoice", store="store_id"),
        also_stood_in_for(
            "members_member",
            covers(store="home_store_id", guide="owner_id", member="id"),
            "owner_id",
        ),
        also_stood_in_for(
            "members_friendship", covers(store=STORE_OF_GUIDE, guide="guide_id"), "guide_id"
        ),
    ]
