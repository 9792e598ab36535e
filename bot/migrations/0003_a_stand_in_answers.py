"""While a guide is on leave, her stand-in meets the questions and drafts that are hers."""

from django.db import migrations

from kit.guards import covers

# As in members' and groups' migrations of the same day.
ON_LEAVE = """(SELECT h.guide_id FROM stores_handovershare s
    JOIN stores_handover h ON h.id = s.hand_over_id
    WHERE s.successor_id = NULLIF(current_setting('scope.guide', true), '')::bigint
      AND h.reason = 'leave' AND h.state = 'decided' AND h.starts_at <= statement_timestamp()
      AND (h.ends_at IS NULL OR h.ends_at > statement_timestamp()))"""
CONDITION = covers(store="store_id", guide="guide_id")


def also_stood_in_for(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER POLICY {table}_scope ON {table} USING ({CONDITION} OR guide_id IN {ON_LEAVE})",
        f"ALTER POLICY {table}_scope ON {table} USING ({CONDITION})",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("bot", "0002_row_scope"),
        ("stores", "0008_a_stand_in_reads_too"),
    ]

    operations = [
        also_stood_in_for("bot_heardmessage"),
        also_stood_in_for("bot_draft"),
        also_stood_in_for("bot_escalation"),
    ]
