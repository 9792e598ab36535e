"""Who meets a stage, a card of today, a line of an assignment; and the first rule of stages."""

from django.db import migrations

from kit.guards import row_scope_through

FIRST_RULE = """
INSERT INTO members_stagerule (public_id, version, growing_purchases, mature_purchases,
  mature_spend, dormant_after, lapsed_after, note, made_at, published_at)
VALUES (gen_random_uuid(), 1, 2, 4, NULL, 120, 365, '出厂规则', now(), now())
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0019_stages_lists_and_assignments"),
    ]

    operations = [
        row_scope_through("members_memberstage", parent="members_member", column="member_id"),
        row_scope_through("members_todaypick", parent="members_member", column="member_id"),
        row_scope_through("members_assignmentline", parent="members_member", column="member_id"),
        migrations.RunSQL(FIRST_RULE, "DELETE FROM members_stagerule"),
    ]
