"""Facts of a number that was merged are read by whoever looks at the member it became.

The numbers come from a function of no arguments in a subquery of its own: PostgreSQL asks once for
a query, not for each row nor for each month, and not at all where another reason suffices.
"""

from django.db import migrations, models

from kit.guards import covers

NUMBERS = """
CREATE FUNCTION ledger_numbers_in_scope() RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = public AS $$
DECLARE
  person bigint := NULLIF(current_setting('scope.member', true), '')::bigint;
BEGIN
  IF person IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN ARRAY(
    WITH RECURSIVE hers(no) AS (
      SELECT person
      UNION
      SELECT m.member_no FROM hers JOIN stores_mergedmember m
        ON m.into_no = hers.no AND m.undone_at IS NULL)
    SELECT no FROM hers);
END $$;
"""
HERS = "member_no = ANY ((SELECT ledger_numbers_in_scope())::bigint[])"
OWNED = """
  member_no IN (SELECT o.member_no FROM stores_ownership o WHERE o.until IS NULL
    AND o.guide_no = NULLIF(current_setting('scope.guide', true), '')::bigint)
"""
ON_LEAVE = """(SELECT h.guide_id FROM stores_handovershare s
    JOIN stores_handover h ON h.id = s.hand_over_id
    WHERE s.successor_id = NULLIF(current_setting('scope.guide', true), '')::bigint
      AND h.reason = 'leave' AND h.state = 'decided' AND h.starts_at <= statement_timestamp()
      AND (h.ends_at IS NULL OR h.ends_at > statement_timestamp()))"""
STOOD_IN_FOR = """
  member_no IN (SELECT o.member_no FROM stores_handovershare s
    JOIN stores_handover h ON h.id = s.hand_over_id
    JOIN stores_ownership o ON o.guide_no = h.guide_id AND o.until IS NULL
    WHERE s.successor_id = NULLIF(current_setting('scope.guide', true), '')::bigint
      AND h.reason = 'leave' AND h.state = 'decided' AND h.starts_at <= statement_timestamp()
      AND (h.ends_at IS NULL OR h.ends_at > statement_timestamp()))
"""
FACTS = f"{OWNED} OR {STOOD_IN_FOR}"


def also_merged(table: str, *, guide: str = "NULL", others: str = "") -> migrations.RunSQL:
    """Her own number alone before, hers and those merged into it after."""
    rest = f" OR {others}" if others else ""
    before = covers(store="store_no", guide=guide, member="member_no")
    after = f"{covers(store='store_no', guide=guide)} OR {HERS}"
    return migrations.RunSQL(
        f"ALTER POLICY {table}_scope ON {table} USING ({after}{rest})",
        f"ALTER POLICY {table}_scope ON {table} USING ({before}{rest})",
    )


class Migration(migrations.Migration):
    dependencies = [("stores", "0013_facts_end_after_five_years")]

    operations = [
        migrations.AddIndex(
            "mergedmember",
            models.Index(
                condition=models.Q(("undone_at__isnull", True)),
                fields=["into_no"],
                name="numbers_merged_into_member",
            ),
        ),
        migrations.RunSQL(NUMBERS, "DROP FUNCTION ledger_numbers_in_scope()"),
        also_merged("stores_touch", guide="guide_no", others=FACTS),
        also_merged("stores_purchaseline", guide="served_by_no", others=FACTS),
        also_merged("stores_receiptmember", others=FACTS),
        also_merged("stores_ownership", guide="guide_no", others=f"guide_no IN {ON_LEAVE}"),
        also_merged("stores_credit", guide="guide_no"),
    ]
