"""Audiences ask of a stage only which it is: a night that confirms millions notes nobody."""

from django.db import migrations

NAME = "members_memberstage_noted_update"


def noted(tables: str, joined: str) -> str:
    return (
        f"DROP TRIGGER {NAME} ON members_memberstage;"
        f"CREATE TRIGGER {NAME} AFTER UPDATE ON members_memberstage REFERENCING {tables}"
        " FOR EACH STATEMENT EXECUTE FUNCTION note_for_audiences"
        f"('stage', 'c.member_id', 'NULL::timestamptz', '{joined}');"
    )


class Migration(migrations.Migration):
    dependencies = [("members", "0031_a_password_for_lists_that_leave")]

    operations = [
        migrations.RunSQL(
            noted(
                "OLD TABLE AS was NEW TABLE AS changed",
                "LEFT JOIN was w USING (member_id) WHERE w.stage IS DISTINCT FROM c.stage",
            ),
            noted("NEW TABLE AS changed", "WHERE true"),
        ),
    ]
