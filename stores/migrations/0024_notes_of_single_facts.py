"""Marks say which facts moved; touches and new credits are noted by their numbers.

What follows from them (where a member came from, whose first purchase it was) is found by the
keeper, which is one: two writers who do not see each other yet cannot both miss it.
"""

from django.conf import settings
from django.db import migrations

MARK = "INSERT INTO stores_figuremark (store_no, day, facts, numbers, at)"
DAY = "({at} AT TIME ZONE s.time_zone)::date"
SOLD = "LEAST({of}.sold_at, {of}.recorded_at)"
# So many touches of a day in one statement are cheaper counted anew than added one by one.
MANY = 300
# Of 0 is what happened in no store; nobody's clock says its day, so it is always noted.
TOUCHES = f"""
CREATE OR REPLACE FUNCTION note_touches_for_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {MARK}
    SELECT COALESCE(c.store_no, 0), (c.at AT TIME ZONE 'UTC')::date, 'touches', array_agg(c.id),
      clock_timestamp()
    FROM changed c GROUP BY c.store_no, 2 HAVING count(*) <= {MANY} OR c.store_no IS NULL;
  IF (SELECT count(*) FROM changed) > {MANY} THEN
    {MARK}
      SELECT DISTINCT c.store_no, {DAY.format(at="c.at")}, 'touches', NULL::bigint[],
        clock_timestamp()
      FROM (SELECT store_no, at, count(*) OVER (PARTITION BY store_no, (at AT TIME ZONE 'UTC')::date)
              AS many FROM changed) c
      JOIN stores_store s ON s.id = c.store_no WHERE c.many > {MANY};
  END IF;
  RETURN NULL;
END $$;
"""
WRITTEN = f"""
CREATE FUNCTION note_written_credits_for_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {MARK}
    SELECT c.store_no, {DAY.format(at="c.sold_at")}, 'credits', array_agg(c.id), clock_timestamp()
    FROM changed c JOIN stores_store s ON s.id = c.store_no GROUP BY 1, 2;
  RETURN NULL;
END $$;
DROP TRIGGER stores_credit_figures_insert_new ON stores_credit;
DROP TRIGGER stores_credit_figures_update_new ON stores_credit;
CREATE TRIGGER stores_credit_figures_insert_new AFTER INSERT ON stores_credit
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION note_written_credits_for_figures();
CREATE TRIGGER stores_credit_figures_update_new AFTER UPDATE ON stores_credit
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION note_written_credits_for_figures();
"""
# What stood and changed or went: its row says no more whose it was, so it is said here.
WITHDRAWN = f"""
CREATE OR REPLACE FUNCTION note_credits_for_figures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := COALESCE(current_setting('scope.everything', true), '');
BEGIN
  PERFORM set_config('scope.everything', 'on', true);
  {MARK}
    SELECT c.store_no, {DAY.format(at="c.sold_at")}, 'credits', NULL::bigint[], clock_timestamp()
    FROM changed c JOIN stores_store s ON s.id = c.store_no GROUP BY 1, 2;
  {MARK}
    SELECT r.store_no, r.day, 'credits', NULL::bigint[], clock_timestamp()
    FROM (SELECT c.member_no, min(c.sold_at) AS since FROM changed c
          WHERE c.member_no IS NOT NULL GROUP BY 1) m
    CROSS JOIN LATERAL (
      SELECT e.store_no, e.sold_at, {DAY.format(at="e.sold_at")} AS day,
        dense_rank() OVER (ORDER BY {DAY.format(at="e.sold_at")}) AS place
      FROM stores_credit e JOIN stores_store s ON s.id = e.store_no
      WHERE e.member_no = m.member_no AND e.kept > 0
        AND e.id NOT IN (SELECT x.id FROM changed x)) r
    WHERE r.place <= 2 AND r.sold_at >= m.since GROUP BY 1, 2;
  PERFORM set_config('scope.everything', before, true);
  RETURN NULL;
END $$;
"""
LINES = f"""
CREATE OR REPLACE FUNCTION note_lines_for_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {MARK}
    SELECT c.store_no, {DAY.format(at=SOLD.format(of="c"))}, 'lines', NULL::bigint[],
      clock_timestamp()
    FROM changed c JOIN stores_store s ON s.id = c.store_no GROUP BY 1, 2;
  RETURN NULL;
END $$;
"""
CLAIMS = f"""
CREATE OR REPLACE FUNCTION note_claims_for_figures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := COALESCE(current_setting('scope.everything', true), '');
BEGIN
  PERFORM set_config('scope.everything', 'on', true);
  {MARK}
    SELECT l.store_no, {DAY.format(at=SOLD.format(of="l"))}, 'lines', NULL::bigint[],
      clock_timestamp()
    FROM changed c
    JOIN stores_receiptkey k ON k.source = c.source AND k.receipt_no = c.receipt_no
    JOIN stores_purchaseline l ON l.id = k.purchase_line AND l.sold_at = k.sold_at
    JOIN stores_store s ON s.id = l.store_no GROUP BY 1, 2;
  PERFORM set_config('scope.everything', before, true);
  RETURN NULL;
END $$;
"""
# A night's hours end the next morning.
HOURS = f"""
CREATE OR REPLACE FUNCTION note_hours_for_figures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := COALESCE(current_setting('scope.everything', true), '');
BEGIN
  PERFORM set_config('scope.everything', 'on', true);
  {MARK}
    SELECT d.store_no, d.day, 'lines', NULL::bigint[], clock_timestamp()
    FROM (SELECT DISTINCT c.store_id, c.since, c.until FROM changed c) c
    JOIN stores_storeday d ON d.store_no = c.store_id
      AND d.day >= c.since AND (c.until IS NULL OR d.day <= c.until + 1) GROUP BY 1, 2;
  PERFORM set_config('scope.everything', before, true);
  RETURN NULL;
END $$;
"""
PLACE = f"""
CREATE OR REPLACE FUNCTION note_place_for_figures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := COALESCE(current_setting('scope.everything', true), '');
BEGIN
  PERFORM set_config('scope.everything', 'on', true);
  {MARK}
    SELECT DISTINCT NEW.id, d.day + step,
      CASE WHEN OLD.time_zone = NEW.time_zone THEN 'lines' ELSE 'all' END, NULL::bigint[],
      clock_timestamp()
    FROM stores_storeday d CROSS JOIN generate_series(-1, 1) step WHERE d.store_no = NEW.id;
  PERFORM set_config('scope.everything', before, true);
  RETURN NULL;
END $$;
"""
# What stands already: touches of no store were in no sum, and who bought first in two stores on one
# day was counted in both.
ALREADY = f"""
SELECT set_config('scope.everything', 'on', true);
{MARK}
  SELECT 0, (t.at AT TIME ZONE '{settings.TIME_ZONE}')::date, 'touches', NULL::bigint[], now()
  FROM stores_touch t WHERE t.store_no IS NULL GROUP BY 2;
{MARK}
  SELECT d.store_no, d.day, 'credits', NULL::bigint[], now() FROM stores_storeday d
  WHERE d.first_buyers + d.second_buyers > 0;
SELECT set_config('scope.everything', '', true);
"""


class Migration(migrations.Migration):
    dependencies = [("stores", "0023_marks_say_what_moved")]

    operations = [
        migrations.RunSQL(part, migrations.RunSQL.noop)
        for part in (TOUCHES, WRITTEN, WITHDRAWN, LINES, CLAIMS, HOURS, PLACE, ALREADY)
    ]
