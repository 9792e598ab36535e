"""Who meets which member: row-level security, and the consent log that nobody changes."""

from django.db import migrations

from kit.guards import append_only, row_scope, row_scope_through


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_the_first_tables"),
        ("kit", "0002_scope_and_refusal"),
    ]

    operations = [
        row_scope("members_member", store="home_store_id", guide="owner_id", member="id"),
        row_scope_through("members_identity", parent="members_member", column="member_id"),
        row_scope_through("members_consentevent", parent="members_member", column="member_id"),
        row_scope_through("members_consentstate", parent="members_member", column="member_id"),
        row_scope_through("members_consentproof", parent="members_consentevent", column="event_id"),
        row_scope(
            "members_contact",
            store="(SELECT g.store_id FROM stores_guide g WHERE g.id = guide_id)",
            guide="guide_id",
            member="member_id",
        ),
        row_scope_through("members_friendship", parent="members_contact", column="contact_id"),
        row_scope_through("members_suggestion", parent="members_contact", column="contact_id"),
        append_only("members_consentevent"),
    ]
