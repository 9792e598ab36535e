"""Who meets tags and behaviour, and the months that behaviour is kept in."""

from django.db import migrations

from kit.guards import row_scope_through

MONTHS = """
CREATE FUNCTION behaviour_months(since date, months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  first date; made integer := 0;
BEGIN
  FOR step IN 0 .. months - 1 LOOP
    first := (date_trunc('month', since) + make_interval(months => step))::date;
    IF to_regclass('members_behaviourevent_' || to_char(first, 'YYYYMM')) IS NULL THEN
      EXECUTE format(
        'CREATE TABLE %I PARTITION OF members_behaviourevent FOR VALUES FROM (%L) TO (%L)',
        'members_behaviourevent_' || to_char(first, 'YYYYMM'),
        first::timestamp AT TIME ZONE 'UTC',
        (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0013_tags_behaviour_and_the_map"),
    ]

    operations = [
        # Runs with its owner's right, since the working role creates no tables.
        migrations.RunSQL(MONTHS, "DROP FUNCTION behaviour_months(date, integer)"),
        migrations.RunSQL(
            "CREATE TABLE members_behaviourevent_other PARTITION OF members_behaviourevent DEFAULT;"
            "SELECT behaviour_months((now() - interval '2 months')::date, 8);",
            migrations.RunSQL.noop,
        ),
        row_scope_through("members_behaviourevent", parent="members_member", column="member_id"),
        row_scope_through("members_membertag", parent="members_member", column="member_id"),
        row_scope_through("members_tagtakenoff", parent="members_member", column="member_id"),
        row_scope_through("members_pairtags", parent="members_friendship", column="friendship_id"),
    ]
