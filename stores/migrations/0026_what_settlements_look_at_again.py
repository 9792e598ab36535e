"""What changes of a month in settlement is noted with the credit, whoever writes it.

Credits that end after five years take nothing back. The functions widen the scope while they
write: the note counts for whoever pays, not for whoever judged.
"""

from django.conf import settings
from django.db import migrations

from kit.guards import row_scope

NOTE = "INSERT INTO stores_latecredit (store_no, guide_no, purchase_line, at)"
CREDITS = f"""
  {NOTE}
    SELECT DISTINCT c.store_no, c.guide_no, c.purchase_line, clock_timestamp()
    FROM stores_settledstore b
    JOIN {{changed}} c ON c.store_no = b.store_id AND c.sold_at >= b.since
      AND c.sold_at < b.noted_until;
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
# Months that were settled before this was written down: of the stores that a company has, and of
# those that it had. Whoever writes credits meanwhile waits: no trigger notes it yet.
STORES = """
LOCK TABLE stores_credit IN SHARE ROW EXCLUSIVE MODE;
SELECT set_config('scope.everything', 'on', true);
INSERT INTO stores_settledstore (store_id, since, until, noted_until)
  SELECT store_id, min(month) AT TIME ZONE %(zone)s,
    (max(month) + interval '1 month') AT TIME ZONE %(zone)s,
    (max(month) + interval '1 month') AT TIME ZONE %(zone)s
  FROM (
    SELECT s.id AS store_id, p.month::timestamp AS month
    FROM stores_settlement p JOIN stores_store s ON s.entity_id = p.entity_id
    UNION ALL
    SELECT l.store_no, p.month::timestamp
    FROM stores_settlement p JOIN stores_settledline l ON l.settlement_id = p.id
  ) known WHERE store_id IN (SELECT id FROM stores_store) GROUP BY 1;
"""
# All of them are compared once.
ALREADY = f"""
{NOTE}
  SELECT x.store_no, x.guide_no, x.purchase_line, now() FROM (
    SELECT l.store_no, l.guide_no, l.purchase_line, l.amount FROM stores_settledline l
    UNION ALL
    SELECT c.store_no, c.guide_no, c.purchase_line, -c.amount
    FROM stores_settledstore b JOIN stores_credit c
      ON c.store_no = b.store_id AND c.sold_at >= b.since AND c.sold_at < b.until) x
  GROUP BY 1, 2, 3 HAVING sum(x.amount) <> 0;
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
        migrations.RunSQL(
            [(STORES, {"zone": settings.TIME_ZONE}), ALREADY], migrations.RunSQL.noop
        ),
        noted("INSERT", "NEW TABLE AS came", "came"),
        noted("UPDATE", "OLD TABLE AS gone NEW TABLE AS came", MOVED),
        noted("DELETE", "OLD TABLE AS gone", GONE),
    ]
