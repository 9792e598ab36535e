"""Tags and stages are facts that audiences ask about: their changes go into the feed too."""

from django.db import migrations


def noted(table: str, what: str) -> migrations.RunSQL:
    makes, drops = [], []
    for event in ("INSERT", "UPDATE", "DELETE"):
        name = f"{table}_noted_{event.lower()}"
        side = "OLD" if event == "DELETE" else "NEW"
        makes.append(
            f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {side} TABLE AS changed"
            f" FOR EACH STATEMENT EXECUTE FUNCTION note_for_audiences"
            f"('{what}', 'c.member_id', 'NULL::timestamptz', 'WHERE true');"
        )
        drops.append(f"DROP TRIGGER {name} ON {table};")
    return migrations.RunSQL("".join(makes), "".join(drops))


class Migration(migrations.Migration):
    dependencies = [("members", "0021_trails_of_who_was_erased")]

    operations = [
        noted("members_membertag", "tag"),
        noted("members_memberstage", "stage"),
    ]
