"""Marks of days to count again, written with the fact whoever writes it; sums by region and guide.

The functions widen the scope while they write: who tells a fact need not meet the sales of the
member whom it concerns.
"""

from django.db import migrations

from kit.guards import row_scope

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
MARK = "INSERT INTO stores_figuremark (store_no, day, at) "
DAY = "({at} AT TIME ZONE s.time_zone)::date"
# Where she came from, the earliest registration; then the days on which that counts for a code.
TOUCHES = f"""
  {MARK} SELECT c.store_no, {DAY.format(at="c.at")}, clock_timestamp()
    FROM changed c JOIN stores_store s ON s.id = c.store_no GROUP BY 1, 2;
  INSERT INTO stores_origin AS o (member_no, store_no, guide_no, source, at)
    SELECT DISTINCT ON (c.member_no) c.member_no, c.store_no, c.guide_no, c.source, c.at
    FROM changed c WHERE c.kind = 'registration' AND c.member_no IS NOT NULL AND c.source <> ''
    ORDER BY c.member_no, c.at, c.source
    ON CONFLICT (member_no) DO UPDATE SET store_no = EXCLUDED.store_no,
      guide_no = EXCLUDED.guide_no, source = EXCLUDED.source, at = EXCLUDED.at
    WHERE (EXCLUDED.at, EXCLUDED.source) < (o.at, o.source);
  IF FOUND THEN
    {MARK} SELECT x.store_no, {DAY.format(at="x.at")}, clock_timestamp()
      FROM changed c CROSS JOIN LATERAL (
        SELECT t.store_no, t.at FROM stores_touch t
        WHERE t.member_no = c.member_no AND t.at >= c.at AND t.id <> c.id
        UNION ALL
        SELECT k.store_no, k.sold_at FROM stores_credit k
        WHERE k.member_no = c.member_no AND k.sold_at >= c.at) x
      JOIN stores_store s ON s.id = x.store_no
      WHERE c.kind = 'registration' GROUP BY 1, 2;
  END IF;
"""
# A purchase that comes before others of hers takes "the first" or "the second" from them.
CREDITS = f"""
  {MARK} SELECT c.store_no, {DAY.format(at="c.sold_at")}, clock_timestamp()
    FROM changed c JOIN stores_store s ON s.id = c.store_no GROUP BY 1, 2;
  {MARK} SELECT r.store_no, r.day, clock_timestamp()
    FROM (SELECT c.member_no, min(c.sold_at) AS since FROM changed c
          WHERE c.member_no IS NOT NULL GROUP BY 1) m
    CROSS JOIN LATERAL (
      SELECT e.store_no, e.sold_at, {DAY.format(at="e.sold_at")} AS day,
        dense_rank() OVER (ORDER BY {DAY.format(at="e.sold_at")}) AS place
      FROM stores_credit e JOIN stores_store s ON s.id = e.store_no
      WHERE e.member_no = m.member_no AND e.kept > 0
        AND e.id NOT IN (SELECT x.id FROM changed x)) r
    WHERE r.place <= 2 AND r.sold_at > m.since GROUP BY 1, 2;
"""
LINES = f"""
  {MARK} SELECT c.store_no, {DAY.format(at="LEAST(c.sold_at, c.recorded_at)")}, clock_timestamp()
    FROM changed c JOIN stores_store s ON s.id = c.store_no GROUP BY 1, 2;
"""
CLAIMS = f"""
  {MARK} SELECT l.store_no, {DAY.format(at="LEAST(l.sold_at, l.recorded_at)")}, clock_timestamp()
    FROM changed c
    JOIN stores_receiptkey k ON k.source = c.source AND k.receipt_no = c.receipt_no
    JOIN stores_purchaseline l ON l.id = k.purchase_line AND l.sold_at = k.sold_at
    JOIN stores_store s ON s.id = l.store_no GROUP BY 1, 2;
"""
# A night's hours end the next morning.
HOURS = f"""
  {MARK} SELECT d.store_no, d.day, clock_timestamp()
    FROM (SELECT DISTINCT c.store_id, c.since, c.until FROM changed c) c
    JOIN stores_storeday d ON d.store_no = c.store_id
      AND d.day >= c.since AND (c.until IS NULL OR d.day <= c.until + 1) GROUP BY 1, 2;
"""
PLACE = """
CREATE FUNCTION note_place_for_figures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := COALESCE(current_setting('scope.everything', true), '');
BEGIN
  PERFORM set_config('scope.everything', 'on', true);
  INSERT INTO stores_figuremark (store_no, day, at)
    SELECT DISTINCT NEW.id, d.day + step, clock_timestamp()
    FROM stores_storeday d CROSS JOIN generate_series(-1, 1) step WHERE d.store_no = NEW.id;
  PERFORM set_config('scope.everything', before, true);
  RETURN NULL;
END $$;
CREATE TRIGGER stores_store_noted_for_figures AFTER UPDATE ON stores_store FOR EACH ROW
  WHEN ((OLD.latitude, OLD.longitude, OLD.catchment_metres, OLD.time_zone)
    IS DISTINCT FROM (NEW.latitude, NEW.longitude, NEW.catchment_metres, NEW.time_zone))
  EXECUTE FUNCTION note_place_for_figures();
"""
# What stands already is counted once the house runs with these tables.
ALREADY = f"""
{MARK} SELECT x.store_no, {DAY.format(at="x.at")}, now() FROM (
    SELECT store_no, at FROM stores_touch
    UNION ALL SELECT store_no, sold_at FROM stores_credit
    UNION ALL SELECT store_no, LEAST(sold_at, recorded_at) FROM stores_purchaseline) x
  JOIN stores_store s ON s.id = x.store_no GROUP BY 1, 2;
INSERT INTO stores_origin (member_no, store_no, guide_no, source, at)
  SELECT DISTINCT ON (member_no) member_no, store_no, guide_no, source, at FROM stores_touch
  WHERE kind = 'registration' AND member_no IS NOT NULL AND source <> ''
  ORDER BY member_no, at, source;
"""


def noted(table: str, what: str, body: str, on: str) -> migrations.RunSQL:
    name = f"note_{what}_for_figures"
    makes, drops = [_WIDE.format(name=name, body=body)], []
    for event, side in (pair.split(":") for pair in on.split()):
        trigger = f"{table}_figures_{event}_{side}".lower()
        makes.append(
            f"CREATE TRIGGER {trigger} AFTER {event} ON {table} REFERENCING {side} TABLE AS changed"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}();"
        )
        drops.append(f"DROP TRIGGER {trigger} ON {table};")
    return migrations.RunSQL("".join(makes), "".join([*drops, f"DROP FUNCTION {name}();"]))


CHANGES = "INSERT:NEW UPDATE:NEW UPDATE:OLD DELETE:OLD"


class Migration(migrations.Migration):
    dependencies = [("stores", "0015_sums_by_day")]

    operations = [
        migrations.RunSQL("SELECT set_config('scope.everything', 'on', true);", migrations.RunSQL.noop),
        migrations.RunSQL(ALREADY, migrations.RunSQL.noop),
        migrations.RunSQL("SELECT set_config('scope.everything', '', true);", migrations.RunSQL.noop),
        row_scope("stores_storeday", store="store_no"),
        row_scope("stores_guideday", store="store_no", guide="guide_no"),
        row_scope("stores_sourceday", store="store_no"),
        row_scope("stores_origin", store="store_no", guide="guide_no", member="member_no"),
        noted("stores_touch", "touches", TOUCHES, "INSERT:NEW"),
        noted("stores_credit", "credits", CREDITS, CHANGES),
        noted("stores_purchaseline", "lines", LINES, "INSERT:NEW"),
        noted("stores_receiptmember", "claims", CLAIMS, "INSERT:NEW"),
        noted("stores_openinghours", "hours", HOURS, CHANGES),
        migrations.RunSQL(
            PLACE,
            "DROP TRIGGER stores_store_noted_for_figures ON stores_store;"
            "DROP FUNCTION note_place_for_figures();",
        ),
    ]
