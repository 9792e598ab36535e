"""Who meets a group's transfer, and that a stand-in meets the groups of a guide on leave."""

from django.db import migrations

from kit.guards import covers, row_scope

# As in members' migration of the same day.
ON_LEAVE = """(SELECT h.guide_id FROM stores_handovershare s
    JOIN stores_handover h ON h.id = s.hand_over_id
    WHERE s.successor_id = NULLIF(current_setting('scope.guide', true), '')::bigint
      AND h.reason = 'leave' AND h.state = 'decided' AND h.starts_at <= statement_timestamp()
      AND (h.ends_at IS NULL OR h.ends_at > statement_timestamp()))"""
CONDITION = covers(store="store_id", guide="owner_id")


class Migration(migrations.Migration):
    dependencies = [
        ("groups", "0003_groups_pass_on"),
        ("stores", "0008_a_stand_in_reads_too"),
    ]

    operations = [
        row_scope("groups_grouptransfer", store="store_id", guide="to_guide_id"),
        migrations.RunSQL(
            "ALTER POLICY groups_group_scope ON groups_group"
            f" USING ({CONDITION} OR owner_id IN {ON_LEAVE})",
            f"ALTER POLICY groups_group_scope ON groups_group USING ({CONDITION})",
        ),
    ]
