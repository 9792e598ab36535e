"""Who meets a record, what nobody changes, and from when on it may go."""

from django.db import migrations

from kit.guards import covers, ends_by_time, row_scope_through


def read_by(table: str, condition: str) -> migrations.RunSQL:
    """Whoever acts may write a line; only those whom the condition names may read it again."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
        f"CREATE POLICY {table}_scope ON {table} USING ({condition}) WITH CHECK (true)",
        f"DROP POLICY {table}_scope ON {table};"
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    )


MONTHS_OF_LOOKS = """
CREATE FUNCTION look_months(since date, months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE first date; named text; made integer := 0;
BEGIN
  FOR step IN 0 .. months - 1 LOOP
    first := (date_trunc('month', since) + make_interval(months => step))::date;
    named := 'members_accesslog_' || to_char(first, 'YYYYMM');
    IF to_regclass(named) IS NULL THEN
      EXECUTE format(
        'CREATE TABLE %I PARTITION OF members_accesslog FOR VALUES FROM (%L) TO (%L)', named,
        first::timestamp AT TIME ZONE 'UTC',
        (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END $$;

-- Whole months whose last moment lies `keep` back. The law wants half a year of logs at least.
CREATE FUNCTION drop_look_months(keep interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE month record; gone integer := 0;
BEGIN
  IF now() - keep > now() - interval '180 days' THEN
    RAISE EXCEPTION 'looks are kept for 180 days at least' USING ERRCODE = 'restrict_violation';
  END IF;
  FOR month IN
    SELECT c.relname, to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' AS over
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'members_accesslog'::regclass AND c.relname ~ '_[0-9]{6}$'
  LOOP
    IF month.over AT TIME ZONE 'UTC' <= now() - keep THEN
      EXECUTE format('DROP TABLE %I', month.relname);
      gone := gone + 1;
    END IF;
  END LOOP;
  RETURN gone;
END $$;

CREATE TABLE members_accesslog_other PARTITION OF members_accesslog DEFAULT;
SELECT look_months((now() - interval '1 month')::date, 6);
"""

SIGNED = """
CREATE FUNCTION refuse_change_of_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.signed_at IS NULL THEN
    RETURN COALESCE(NEW, OLD);
  END IF;
  IF TG_OP = 'DELETE' AND OLD.retain_until < now() THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'a signed assessment is kept unchanged until %', OLD.retain_until
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER members_impactassessment_signed
  BEFORE UPDATE OR DELETE ON members_impactassessment
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_signed();
ALTER TABLE members_impactassessment ADD CONSTRAINT assessments_stay_three_years
  CHECK (retain_until IS NULL OR retain_until >= signed_at + interval '3 years');
"""

# What she decided is proof; it goes three years after she has.
DECISIONS = """
CREATE FUNCTION refuse_change_of_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (
    SELECT 1 FROM members_member m
    WHERE m.id = OLD.member_id AND m.left_at < now() - interval '1095 days'
  ) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER members_consentevent_append_only ON members_consentevent;
CREATE TRIGGER members_consentevent_append_only BEFORE UPDATE OR DELETE ON members_consentevent
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_decisions();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0007_what_the_law_wants_on_record"),
        ("kit", "0004_what_may_go_by_time"),
    ]

    operations = [
        migrations.RunSQL(MONTHS_OF_LOOKS, "DROP FUNCTION look_months(date, integer);"
                          "DROP FUNCTION drop_look_months(interval);"),
        read_by("members_accesslog", covers(store="store_no", member="member_no")),
        read_by(
            "members_disclosure",
            f"{covers()} OR NULLIF(current_setting('scope.member', true), '')::bigint"
            " = ANY (members)",
        ),
        read_by("members_erasure", covers(member="member_no")),
        row_scope_through("members_subjectrequest", parent="members_member", column="member_id"),
        row_scope_through("members_inactivitywarning", parent="members_member", column="member_id"),
        ends_by_time("members_accesslog", column="at", keep="1095 days"),
        ends_by_time("members_disclosure", column="at", keep="1095 days"),
        ends_by_time("members_erasure", column="at", keep="1095 days"),
        migrations.RunSQL(
            SIGNED,
            "DROP TRIGGER members_impactassessment_signed ON members_impactassessment;"
            "DROP FUNCTION refuse_change_of_signed();",
        ),
        migrations.RunSQL(
            DECISIONS,
            "DROP TRIGGER members_consentevent_append_only ON members_consentevent;"
            "CREATE TRIGGER members_consentevent_append_only"
            " BEFORE UPDATE OR DELETE ON members_consentevent"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            "DROP FUNCTION refuse_change_of_decisions();",
        ),
    ]
