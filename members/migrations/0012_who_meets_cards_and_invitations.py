"""Who meets a card's code and a registration begun on an iPad."""

from django.db import migrations

from kit.guards import row_scope, row_scope_through


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0011_codes_printed_shared_and_rotating"),
    ]

    operations = [
        row_scope_through("members_cardcode", parent="members_member", column="member_id"),
        row_scope("members_invitation", store="store_id", guide="guide_id", member="member_id"),
    ]
