"""While a guide is on leave, her stand-in reads what happened to her members.

An OR of its own with the few leaves first: the index of a guide's members serves each of them.
"""

from django.db import migrations

from kit.guards import covers

OWNED = """
  member_no IN (SELECT o.member_no FROM stores_ownership o WHERE o.until IS NULL
    AND o.guide_no = NULLIF(current_setting('scope.guide', true), '')::bigint)
"""
STOOD_IN_FOR = """
  member_no IN (SELECT o.member_no FROM stores_handovershare s
    JOIN stores_handover h ON h.id = s.hand_over_id
    JOIN stores_ownership o ON o.guide_no = h.guide_id AND o.until IS NULL
    WHERE s.successor_id = NULLIF(current_setting('scope.guide', true), '')::bigint
      AND h.reason = 'leave' AND h.state = 'decided' AND h.starts_at <= statement_timestamp()
      AND (h.ends_at IS NULL OR h.ends_at > statement_timestamp()))
"""
ON_LEAVE = """(SELECT h.guide_id FROM stores_handovershare s
    JOIN stores_handover h ON h.id = s.hand_over_id
    WHERE s.successor_id = NULLIF(current_setting('scope.guide', true), '')::bigint
      AND h.reason = 'leave' AND h.state = 'decided' AND h.starts_at <= statement_timestamp()
      AND (h.ends_at IS NULL OR h.ends_at > statement_timestamp()))"""
OWNERSHIP = covers(store="store_no", guide="guide_no", member="member_no")


def also_stood_in_for(table: str, condition: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER POLICY {table}_scope ON {table} USING ({condition} OR {OWNED} OR {STOOD_IN_FOR})",
        f"ALTER POLICY {table}_scope ON {table} USING ({condition} OR {OWNED})",
    )


class Migration(migrations.Migration):
    dependencies = [("stores", "0007_hand_overs")]

    operations = [
        # The look at her members below goes through this table, which has a scope of its own.
        migrations.RunSQL(
            "ALTER POLICY stores_ownership_scope ON stores_ownership"
            f" USING ({OWNERSHIP} OR guide_no IN {ON_LEAVE})",
            f"ALTER POLICY stores_ownership_scope ON stores_ownership USING ({OWNERSHIP})",
        ),
        also_stood_in_for("stores_touch", covers(store="store_no", guide="guide_no", member="member_no")),
        also_stood_in_for(
            "stores_purchaseline", covers(store="store_no", guide="served_by_no", member="member_no")
        ),
        also_stood_in_for("stores_receiptmember", covers(store="store_no", member="member_no")),
    ]
