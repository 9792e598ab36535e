"""Monthly partitions, append-only triggers and row scope of the ledger and the credits."""

from django.db import migrations

from kit.guards import append_only, row_scope

MONTHS = """
CREATE FUNCTION ledger_months(since date, months integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  parent text; first date; made integer := 0;
BEGIN
  FOREACH parent IN ARRAY ARRAY['stores_touch', 'stores_purchaseline'] LOOP
    FOR step IN 0 .. months - 1 LOOP
      first := (date_trunc('month', since) + make_interval(months => step))::date;
      IF to_regclass(format('%s_%s', parent, to_char(first, 'YYYYMM'))) IS NULL THEN
        EXECUTE format(
          'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
          parent || '_' || to_char(first, 'YYYYMM'), parent,
          first::timestamp AT TIME ZONE 'UTC',
          (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
        made := made + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("stores", "0001_the_first_tables"),
        ("kit", "0002_scope_and_refusal"),
    ]

    operations = [
        # Runs with its owner's right, since the working role creates no tables.
        migrations.RunSQL(
            MONTHS.replace("LANGUAGE plpgsql", "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public"),
            "DROP FUNCTION ledger_months(date, integer)",
        ),
        migrations.RunSQL(
            # What no month claims must not be lost: a till's clock may be years off.
            "CREATE TABLE stores_touch_other PARTITION OF stores_touch DEFAULT;"
            "CREATE TABLE stores_purchaseline_other PARTITION OF stores_purchaseline DEFAULT;"
            "SELECT ledger_months((now() - interval '3 years')::date, 40);",
            migrations.RunSQL.noop,
        ),
        append_only("stores_touch"),
        append_only("stores_purchaseline"),
        row_scope("stores_touch", store="store_no", guide="guide_no", member="member_no"),
        row_scope("stores_purchaseline", store="store_no", guide="served_by_no", member="member_no"),
        row_scope("stores_ownership", store="store_no", guide="guide_no", member="member_no"),
        row_scope("stores_credit", store="store_no", guide="guide_no", member="member_no"),
    ]
