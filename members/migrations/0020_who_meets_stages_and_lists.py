"""Who meets a stage, a card of today, a line of an assignment."""

from django.db import migrations

from kit.guards import row_scope_through


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0019_stages_lists_and_assignments"),
    ]

    operations = [
        row_scope_through("members_memberstage", parent="members_member", column="member_id"),
        row_scope_through("members_todaypick", parent="members_member", column="member_id"),
        row_scope_through("members_assignmentline", parent="members_member", column="member_id"),
    ]
