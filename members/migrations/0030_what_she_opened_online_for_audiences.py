"""What members do in the mini program, the app and the shop is noted for audiences as an opening.

Let go of or moved to another member, her days of opening are read anew.
"""

from django.db import migrations

TABLE = "members_behaviourevent"


def noted(name: str, event: str, side: str, what: str, when: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {TABLE}_{name} AFTER {event} ON {TABLE} REFERENCING {side} TABLE AS changed"
        f" FOR EACH STATEMENT EXECUTE FUNCTION"
        f" note_for_audiences('{what}', 'c.member_id', '{when}', 'WHERE true');",
        f"DROP TRIGGER {TABLE}_{name} ON {TABLE};",
    )


class Migration(migrations.Migration):
    dependencies = [("members", "0029_a_trail_is_the_houses_alone")]

    operations = [
        noted("noted_insert", "INSERT", "NEW", "open", "c.at"),
        noted("noted_update", "UPDATE", "NEW", "numbers", "NULL::timestamptz"),
        noted("noted_before", "UPDATE", "OLD", "numbers", "NULL::timestamptz"),
        noted("noted_delete", "DELETE", "OLD", "numbers", "NULL::timestamptz"),
    ]
