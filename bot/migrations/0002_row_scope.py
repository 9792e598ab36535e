"""Who meets what was heard, drafts and escalations: the group's owner, the store's managers, HQ."""

from django.db import migrations

from kit.guards import row_scope


class Migration(migrations.Migration):
    dependencies = [
        ("bot", "0001_the_first_tables"),
        ("kit", "0002_scope_and_refusal"),
    ]

    operations = [
        row_scope("bot_heardmessage", store="store_id", guide="guide_id"),
        row_scope("bot_draft", store="store_id", guide="guide_id"),
        row_scope("bot_escalation", store="store_id", guide="guide_id"),
    ]
