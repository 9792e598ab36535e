"""`manage.py grow`: data at scale for measurements, made by set-based SQL in steps with progress.

Grown members have no name and no phone: nothing needs sealing, all else is as in life.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from kit.actions import action
from kit.actor import Actor

CHUNK = 500_000
DAYS = 730
_SYSTEM = Actor.system("grow")

PLACES = (
    "INSERT INTO stores_legalentity (public_id, name, contact, address)"
    " SELECT gen_random_uuid(), 'Grown Ltd', 'grown@example.com', ''"
    " WHERE NOT EXISTS (SELECT 1 FROM stores_legalentity WHERE name = 'Grown Ltd')",
    "INSERT INTO stores_region (public_id, name) SELECT gen_random_uuid(), 'R' || n"
    " FROM generate_series(1, 10) n ON CONFLICT (name) DO NOTHING",
)
STORES = """
INSERT INTO stores_store (public_id, code, name, region_id, entity_id, address, phone,
                          catchment_metres, time_zone)
SELECT gen_random_uuid(), 'X' || n, 'Store ' || n,
       (SELECT id FROM stores_region WHERE name = 'R' || (1 + n %% 10)),
       (SELECT id FROM stores_legalentity WHERE name = 'Grown Ltd'), '', '', 3000, 'Asia/Shanghai'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n ON CONFLICT (code) DO NOTHING
"""
GUIDES = """
WITH account AS (
  INSERT INTO stores_account (public_id, username, name, password, is_staff, is_active,
                              is_superuser, created_at)
  SELECT gen_random_uuid(), 'X' || n, 'Guide ' || n, '!grown', false, true, false, now()
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
  ON CONFLICT (username) DO NOTHING RETURNING id, username
), place AS (
  SELECT id, row_number() OVER (ORDER BY id) - 1 AS position, count(*) OVER () AS stores
  FROM stores_store WHERE code LIKE 'X%%'
)
INSERT INTO stores_guide (public_id, account_id, store_id, role, employee_no, name, wecom_userid,
                          pin_hash, thumb_side, joined_on)
SELECT gen_random_uuid(), a.id, p.id, 'guide', a.username, a.username, lower(a.username), '',
       'left', current_date - 900
FROM account a JOIN place p ON p.position = substr(a.username, 2)::bigint %% p.stores
"""
MEMBERS = """
WITH keeper AS (
  SELECT g.id, g.store_id, s.entity_id, row_number() OVER (ORDER BY g.id) - 1 AS position,
         count(*) OVER () AS guides
  FROM stores_guide g JOIN stores_store s ON s.id = g.store_id WHERE g.employee_no LIKE 'X%%'
)
INSERT INTO members_member (public_id, entity_id, state, tier, home_store_id, owner_id, card_no,
                            joined_at, version)
SELECT gen_random_uuid(), k.entity_id, 'active',
       (ARRAY['basic','basic','basic','basic','basic','silver','silver','gold','gold','diamond'])
         [1 + n %% 10],
       k.store_id, k.id, 'X' || lpad(n::text, 11, '0'),
       now() - make_interval(days => (n * 7919 %% 730)::int), 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN keeper k ON k.position = n %% k.guides
ON CONFLICT (card_no) DO NOTHING
"""
# What follows a member: her owner, her friendship in WeCom, and what she agreed to.
FOLLOWING = (
    """
    INSERT INTO stores_ownership (member_no, guide_no, store_no, since, reason, actor)
    SELECT m.id, m.owner_id, m.home_store_id, m.joined_at, 'grow', 'grow' FROM members_member m
    WHERE m.card_no LIKE 'X%%'
      AND NOT EXISTS (SELECT 1 FROM stores_ownership o WHERE o.member_no = m.id)
    """,
    """
    INSERT INTO members_contact (public_id, entity_id, external_userid, avatar_url, member_id,
                                 joined_by, guide_id, read_at)
    SELECT gen_random_uuid(), m.entity_id, 'wmGrown' || m.id, '', m.id, 'unionid', m.owner_id, now()
    FROM members_member m WHERE m.card_no LIKE 'X%%' AND m.id %% 10 < 6
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO members_friendship (public_id, contact_id, guide_id, state, add_way, since,
                                    ended_by)
    SELECT gen_random_uuid(), c.id, c.guide_id, '', 1, now() - interval '1 day', ''
    FROM members_contact c
    WHERE c.external_userid LIKE 'wmGrown%%'
      AND NOT EXISTS (SELECT 1 FROM members_friendship f WHERE f.contact_id = c.id)
    """,
    """
    WITH decided AS (
      INSERT INTO members_consentevent (public_id, member_id, purpose, channel, decision, method,
                                        source, at, actor)
      SELECT gen_random_uuid(), m.id, p.purpose, '', 'grant', 'grow', '', m.joined_at, 'grow'
      FROM members_member m CROSS JOIN (VALUES ('membership', 10), ('direct_marketing', 8),
        ('group_marketing', 6), ('profiling', 5)) p(purpose, share)
      WHERE m.card_no LIKE 'X%%' AND m.id * 13 %% 10 < p.share
        AND NOT EXISTS (SELECT 1 FROM members_consentstate s
                        WHERE s.member_id = m.id AND s.purpose = p.purpose)
      RETURNING id, member_id, purpose, at
    )
    INSERT INTO members_consentstate (member_id, purpose, channel, is_granted, since, event_id)
    SELECT member_id, purpose, '', true, at, id FROM decided
    """,
)
TOUCHES = """
INSERT INTO stores_touch (member_no, guide_no, store_no, kind, source, at, recorded_at)
SELECT m.id, m.owner_id, m.home_store_id,
       (ARRAY['visit','link_open','push','call','draft_sent'])[1 + n %% 5], 'grow',
       now() - make_interval(secs => (n * 104729 %% (730 * 86400))::int), now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN members_member m ON m.card_no = 'X' || lpad((1 + n * 7907 %% %(members)s)::text, 11, '0')
"""
PURCHASES = """
WITH sold AS (
  INSERT INTO stores_purchaseline (source, receipt_no, line, sku, quantity, amount, currency,
                                   refund_of, member_no, store_no, served_by_no, sold_at,
                                   recorded_at)
  SELECT 'grow', 'X' || n, 1, 'QC-' || (1001 + n %% 30), 1, 9900 + n * 37 %% 200000, 'CNY', '',
         m.id, m.home_store_id, m.owner_id,
         now() - make_interval(secs => (n * 15485863 %% (730 * 86400))::int), now()
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
  JOIN members_member m ON m.card_no = 'X' || lpad((1 + n * 7901 %% %(members)s)::text, 11, '0')
  WHERE NOT EXISTS (SELECT 1 FROM stores_receiptkey k
                    WHERE k.source = 'grow' AND k.receipt_no = 'X' || n AND k.line = 1)
  RETURNING id, receipt_no, sku, amount, sold_at
)
INSERT INTO stores_receiptkey (source, receipt_no, line, digest, purchase_line, sold_at, refund_of)
SELECT 'grow', receipt_no, 1, sha256((sku || amount)::bytea), id, sold_at, '' FROM sold
"""


@action
def run_sql(statements: Sequence[str], *, by: Actor, **values: int) -> int:
    """Run statements in one transaction; how many rows they wrote."""
    written = 0
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values or None)
            written += max(cursor.rowcount, 0)
    return written


class Command(BaseCommand):
    help = "为测量长出大规模的数据"

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name in ("stores", "guides", "members", "touches", "purchases"):
            parser.add_argument(f"--{name}", type=int, default=0, help="总数；已有的不重复长")

    def handle(self, **options: Any) -> None:
        """Grow each kind to its number. Repeating it with the same numbers adds no member."""
        run_sql(PLACES, by=_SYSTEM)
        members = options["members"]
        self._grow("stores", (STORES,), options["stores"])
        self._grow("guides", (GUIDES,), options["guides"])
        self._grow("members", (MEMBERS,), members)
        if members:
            rows = run_sql([text.replace("%%", "%") for text in FOLLOWING], by=_SYSTEM)
            self.stdout.write(f"followers of members: {rows:,}")
        self._grow("touches", (TOUCHES,), options["touches"], members=max(members, 1))
        self._grow("purchases", (PURCHASES,), options["purchases"], members=max(members, 1))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _grow(self, what: str, statements: Sequence[str], total: int, **values: int) -> None:
        for first in range(1, total + 1, CHUNK):
            last = min(total, first + CHUNK - 1)
            run_sql(statements, by=_SYSTEM, first=first, last=last, **values)
            self.stdout.write(f"{what}: {last:,} / {total:,}")
