"""Who meets a code of a member's own, a change of phone, and that a notice was seen."""

from django.db import migrations

from kit.guards import covers, row_scope_through

OF_A_VISIT = "SELECT 1 FROM members_registration p WHERE p.id = members_onetimecode.registration_id"
OF_A_MEMBER = "SELECT 1 FROM members_member m WHERE m.id = members_onetimecode.member_id"
BEFORE = f"{covers()} OR EXISTS ({OF_A_VISIT})"
AFTER = f"{covers()} OR EXISTS ({OF_A_VISIT}) OR EXISTS ({OF_A_MEMBER})"


def scope_of_codes(condition: str) -> str:
    return (
        "DROP POLICY members_onetimecode_scope ON members_onetimecode;"
        f"CREATE POLICY members_onetimecode_scope ON members_onetimecode"
        f" USING ({condition}) WITH CHECK ({condition})"
    )


class Migration(migrations.Migration):
    dependencies = [("members", "0015_phones_proven_changed_and_notices_told_again")]

    operations = [
        migrations.RunSQL(scope_of_codes(AFTER), scope_of_codes(BEFORE)),
        row_scope_through("members_phonechange", parent="members_member", column="member_id"),
        row_scope_through("members_noticeseen", parent="members_member", column="member_id"),
    ]
