"""What changes of a month in settlement is noted with the credit, whoever writes it.

The end of a month depends on the house's zone: a day on each side is noted too, which costs a look
and changes nothing. Credits that end after five years take nothing back. The functions widen the
scope while they write: the note counts for whoever pays, not for whoever judged.
"""

from django.db import migrations

from kit.guards import row_scope

NOTE = "INSERT INTO stores_latecredit (entity_no, store_no, guide_no, purchase_line, at)"
# The months that an entity settles or has settled, widened by a day on each side.
SETTLED = """(
    SELECT entity_id, (min(month) - 1)::timestamp AT TIME ZONE 'UTC' AS since,
      (max(month) + interval '1 month 1 day') AT TIME ZONE 'UTC' AS until
    FROM stores_settlement GROUP BY 1) m"""
CREDITS = f"""
  {NOTE}
    SELECT DISTINCT m.entity_id, c.store_no, c.guide_no, c.purchase_line, clock_timestamp()
    FROM {SETTLED} JOIN stores_store s ON s.entity_id = m.entity_id
    JOIN {{changed}} c ON c.store_no = s.id AND c.sold_at >= m.since AND c.sold_at < m.until;
"""
# Only what is paid: whom it was sold to may change, and what refunds left of it, without a note.
MOVED = """(
    SELECT unnest(ARRAY[o.store_no, n.store_no]) AS store_no,
      unnest(ARRAY[o.guide_no, n.guide_no]) AS guide_no,
      unnest(ARRAY[o.purchase_line, n.purchase_line]) AS purchase_line,
      unnest(ARRAY[o.sold_at, n.sold_at]) AS sold_at
    FROM gone o JOIN came n ON n.id = o.id
    WHERE (o.store_no, o.guide_no, o.purchase_line, o.amount, o.sold_at)
      <> (n.store_no, n.guide_no, n.purchase_line, n.amount, n.sold_at))"""
GONE = "(SELECT * FROM gone WHERE sold_at >= now() - interval '5 years' + interval '3 days')"
# A store that passes to another company is settled there from now on, and here no more.
STORE = f"""
  {NOTE}
    SELECT DISTINCT m.entity_id, c.store_no, c.guide_no, c.purchase_line, clock_timestamp()
    FROM {SETTLED} JOIN stores_credit c ON c.sold_at >= m.since AND c.sold_at < m.until
    WHERE m.entity_id IN (OLD.entity_id, NEW.entity_id) AND c.store_no = NEW.id;
"""
_WIDE = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := COALESCE(current_setting('scope.everything', true), '');
BEGIN
  PERFORM set_config('scope.everything', 'on', true);
  {body}
  PERFORM set_config('scope.everything', before, true);
  RETURN NULL;
END $$;
"""
# Months that were settled before there were notes: all of them are compared once.
ALREADY = f"""
SELECT set_config('scope.everything', 'on', true);
{NOTE}
  SELECT x.entity_id, x.store_no, x.guide_no, x.purchase_line, now() FROM (
    SELECT p.entity_id, l.store_no, l.guide_no, l.purchase_line, l.amount
    FROM stores_settledline l JOIN stores_settlement p ON p.id = l.settlement_id
    UNION ALL
    SELECT s.entity_id, c.store_no, c.guide_no, c.purchase_line, -c.amount
    FROM {SETTLED} JOIN stores_store s ON s.entity_id = m.entity_id
    JOIN stores_credit c ON c.store_no = s.id AND c.sold_at >= m.since AND c.sold_at < m.until) x
  GROUP BY 1, 2, 3, 4 HAVING sum(x.amount) <> 0;
SELECT set_config('scope.everything', '', true);
"""


def noted(event: str, sides: str, changed: str) -> migrations.RunSQL:
    name = f"note_{event.lower()}_for_settlements"
    body = _WIDE.format(name=name, body=CREDITS.format(changed=changed))
    return migrations.RunSQL(
        f"{body}CREATE TRIGGER stores_credit_settlements_{event.lower()} AFTER {event}"
        f" ON stores_credit REFERENCING {sides} FOR EACH STATEMENT EXECUTE FUNCTION {name}();",
        f"DROP TRIGGER stores_credit_settlements_{event.lower()} ON stores_credit;"
        f"DROP FUNCTION {name}();",
    )


class Migration(migrations.Migration):
    dependencies = [("stores", "0025_settled_store_by_store")]

    operations = [
        row_scope("stores_latecredit", store="store_no", guide="guide_no"),
        migrations.RunSQL(ALREADY, migrations.RunSQL.noop),
        noted("INSERT", "NEW TABLE AS came", "came"),
        noted("UPDATE", "OLD TABLE AS gone NEW TABLE AS came", MOVED),
        noted("DELETE", "OLD TABLE AS gone", GONE),
        migrations.RunSQL(
            _WIDE.format(name="note_store_for_settlements", body=STORE)
            + "CREATE TRIGGER stores_store_settlements AFTER UPDATE ON stores_store FOR EACH ROW"
            " WHEN (OLD.entity_id IS DISTINCT FROM NEW.entity_id)"
            " EXECUTE FUNCTION note_store_for_settlements();",
            "DROP TRIGGER stores_store_settlements ON stores_store;"
            "DROP FUNCTION note_store_for_settlements();",
        ),
    ]
