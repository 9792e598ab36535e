"""`manage.py grow`: data at scale for measurements, by portions in as many processes as wanted.

Grown members have sealed names and phones, identifiers, owners, friends and permissions; who owns
how many and who buys how often is as uneven as in life (`config/growing.py`). Each portion is one
transaction: what died is grown on from where it stood.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from config.growing import crowd, sales
from kit.actions import action, scope_of
from kit.actor import Actor
from kit.fields import blind_index, new_public_id, seal, shown_id

CHUNK = 50_000
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
ASSESSED = """
INSERT INTO members_impactassessment (public_id, entity_id, activity, version, legality, risk,
  measures, written_by, written_at, signed_by_id, signed_at, valid_until, retain_until)
SELECT gen_random_uuid(), e.id, 'profiling', 1, 'grown', 'grown', 'grown', 'grow', now(), a.id,
  now(), current_date + 365, now() + interval '3 years'
FROM stores_legalentity e CROSS JOIN LATERAL (SELECT min(id) AS id FROM stores_account) a
WHERE e.name = 'Grown Ltd' AND a.id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM members_impactassessment i
    WHERE i.entity_id = e.id AND i.activity = 'profiling')
"""
KEEPERS = """
SELECT g.id, g.store_id, s.entity_id, e.public_id FROM stores_guide g
JOIN stores_store s ON s.id = g.store_id JOIN stores_legalentity e ON e.id = s.entity_id
WHERE g.employee_no LIKE 'X%' ORDER BY md5(g.employee_no)
"""
BORN = """
CREATE TEMP TABLE grow_born (id bigint, public_id uuid, entity_id bigint, name bytea, phone bytea,
  tier varchar, store_id bigint, owner_id bigint, card_no varchar, joined_at timestamptz,
  identity uuid, sealed bytea, digest bytea, is_friend boolean) ON COMMIT DROP
"""
# What follows a member: her identifier, her owner, her friendship, and what she agreed to.
FOLLOWING = (
    """
    INSERT INTO members_member (id, public_id, entity_id, state, name, phone, tier, home_store_id,
                                owner_id, card_no, joined_at, version)
    SELECT id, public_id, entity_id, 'active', name, phone, tier, store_id, owner_id, card_no,
           joined_at, 0 FROM grow_born
    """,
    """
    INSERT INTO members_identity (public_id, entity_id, member_id, kind, value, digest, verified_at,
                                  created_at)
    SELECT identity, entity_id, id, 'phone', sealed, digest, joined_at, joined_at FROM grow_born
    """,
    """
    INSERT INTO stores_ownership (member_no, guide_no, store_no, since, reason, actor)
    SELECT id, owner_id, store_id, joined_at, 'grow', 'grow' FROM grow_born
    """,
    """
    WITH met AS (
      INSERT INTO members_contact (public_id, entity_id, external_userid, avatar_url, member_id,
                                   joined_by, guide_id, read_at)
      SELECT gen_random_uuid(), entity_id, 'wmGrown' || id, '', id, 'unionid', owner_id, now()
      FROM grow_born WHERE is_friend RETURNING id, guide_id
    )
    INSERT INTO members_friendship (public_id, contact_id, guide_id, state, add_way, since,
                                    ended_by)
    SELECT gen_random_uuid(), id, guide_id, '', 1, now() - interval '1 day', '' FROM met
    """,
    """
    WITH decided AS (
      INSERT INTO members_consentevent (public_id, member_id, purpose, channel, decision, method,
                                        source, at, actor)
      SELECT gen_random_uuid(), m.id, p.purpose, '', 'grant', 'grow', '', m.joined_at, 'grow'
      FROM grow_born m CROSS JOIN (VALUES ('membership', 10), ('direct_marketing', 8),
        ('group_marketing', 6), ('profiling', 6)) p(purpose, share)
      WHERE m.id * 13 % 10 < p.share
      RETURNING id, member_id, purpose, at
    )
    INSERT INTO members_consentstate (member_id, purpose, channel, is_granted, since, event_id)
    SELECT member_id, purpose, '', true, at, id FROM decided
    """,
)
HERE = """
CREATE TEMP TABLE grow_here ON COMMIT DROP AS
SELECT id, owner_id, home_store_id, joined_at, row_number() OVER (ORDER BY card_no) - 1 AS place
FROM members_member WHERE card_no BETWEEN %s AND %s
"""
TOUCHES = """
INSERT INTO stores_touch (member_no, guide_no, store_no, kind, source, at, recorded_at)
SELECT m.id, m.owner_id, m.home_store_id,
       (ARRAY['visit','link_open','push','call','draft_sent'])[1 + n %% 5], 'grow',
       now() - (now() - m.joined_at) * sqrt(n * 7907 %% 9973 / 9973.0::float8), now()
FROM generate_series(1, %(wanted)s::bigint) n
JOIN grow_here m
  ON m.place = floor(%(size)s * power(n * 7919 %% 10007 / 10007.0::float8, 1.5))::bigint
"""
SOLD = """
WITH sold AS (
  INSERT INTO stores_purchaseline (source, receipt_no, line, sku, quantity, amount, currency,
                                   refund_of, member_no, store_no, served_by_no, sold_at,
                                   recorded_at)
  SELECT 'grow', 'X' || s.number, 1, 'QC-' || (1001 + s.number % 30), 1, s.amount, 'CNY', '',
         m.id, m.home_store_id, m.owner_id, now() - make_interval(secs => s.ago), now()
  FROM grow_sold s JOIN grow_here m ON m.place = s.place
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


def card(number: int) -> str:
    return f"X{number:011d}"


@action
def grow_members(first: int, last: int, *, by: Actor) -> None:
    """Members `first` to `last` with all that follows them."""
    size, now = last - first + 1, timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(KEEPERS)
        keepers = cursor.fetchall()
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('members_member', 'id'))"
            " FROM generate_series(1, %s)",
            [size],
        )
        ids = [key for (key,) in cursor.fetchall()]
        cursor.execute(BORN)
        with cursor.copy("COPY grow_born FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(
                ["int8", "uuid", "int8", "bytea", "bytea", "varchar", "int8", "int8", "varchar",
                 "timestamptz", "uuid", "bytea", "bytea", "bool"]
            )  # fmt: skip
            for row in _born(first, ids, keepers, now):
                copy.write_row(row)
        for statement in FOLLOWING:
            cursor.execute(statement)


def _born(
    first: int, ids: Sequence[int], keepers: Sequence[Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    people = crowd(first, len(ids), len(keepers))
    within = {entity: shown_id(public_id) for _, _, entity, public_id in keepers}
    for at, key in enumerate(ids):
        guide, store, entity, _ = keepers[int(people.owner[at])]
        number, public_id, identity = first + at, new_public_id(), new_public_id()
        phone = f"+8619{number:09d}"
        joined = now - timedelta(days=int(people.joined[at]), seconds=number % 40_000)
        yield (
            key, public_id, entity,
            seal(f"会员{number}", f"members.member.name|{public_id}"),
            seal(phone, f"members.member.phone|{public_id}"),
            people.tier[at], store, guide, card(number), joined, identity,
            seal(phone, f"members.identity.value|{identity}"),
            blind_index("phone", phone, within=within[entity]),
            bool(people.is_friend[at]),
        )  # fmt: skip


@action
def grow_facts(
    first: int, last: int, *, touches: int, purchases: int, number: int, by: Actor
) -> None:
    """So many touches and purchases of members `first` to `last`; receipts from `number` on."""
    with connection.cursor() as cursor:
        cursor.execute(HERE, [card(first), card(last)])
        cursor.execute("SELECT joined_at FROM grow_here ORDER BY place")
        now = timezone.now()
        joined = [(now - at).days for (at,) in cursor.fetchall()]
        if touches and joined:
            cursor.execute(TOUCHES, {"wanted": touches, "size": len(joined)})
        if not purchases or not joined:
            return
        cursor.execute(
            "CREATE TEMP TABLE grow_sold (number bigint, place bigint, ago bigint, amount bigint)"
            " ON COMMIT DROP"
        )
        made = sales(first, np.array(joined, dtype=np.int64), purchases)
        with cursor.copy("COPY grow_sold FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int8"] * 4)
            columns = (made.member.tolist(), made.seconds_ago.tolist(), made.amount.tolist())
            for at, row in enumerate(zip(*columns, strict=True)):
                copy.write_row((number + at, *row))
        cursor.execute(SOLD)


class Command(BaseCommand):
    help = "为测量长出大规模的数据"

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name in ("stores", "guides", "members", "touches", "purchases"):
            parser.add_argument(f"--{name}", type=int, default=0, help="总数；已有的不重复长")
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)

    def handle(self, **options: Any) -> None:
        """Grow each kind to its number; touches are added. Repeating it adds no member."""
        run_sql(PLACES, by=_SYSTEM)
        for kind, statement in (("stores", STORES), ("guides", GUIDES)):
            if options[kind]:
                run_sql((statement,), first=1, last=options[kind], by=_SYSTEM)
        run_sql((ASSESSED,), by=_SYSTEM)
        members, processes = options["members"], options["processes"]
        known = _count("members_member WHERE card_no LIKE 'X%'")
        self._run("members", known + 1, members, grow_members, processes)
        wanted = max(options["purchases"] - _count(_GROWN_SALES), 0)
        facts = partial(
            _facts_of, members, options["touches"], wanted, options["purchases"] - wanted
        )
        if members and (wanted or options["touches"]):
            self._run("touches and purchases", 1, members, facts, processes)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _run(
        self, what: str, first: int, total: int, work: Callable[..., None], processes: int
    ) -> None:
        """Portions in order, in this process when there is but one portion."""
        starts = range(first, total + 1, CHUNK)
        portions = [(start, min(total, start + CHUNK - 1)) for start in starts]
        with _hands(min(processes, len(portions))) as each:
            for _, last in zip(
                each(partial(_portion, work), portions), (p[1] for p in portions), strict=True
            ):
                self.stdout.write(f"{what}: {last:,} / {total:,}")


_GROWN_SALES = "stores_receiptkey WHERE source = 'grow'"


def _portion(work: Callable[..., None], portion: tuple[int, int]) -> None:
    work(*portion, by=_SYSTEM)


def _facts_of(
    members: int, touches: int, purchases: int, known: int, first: int, last: int, *, by: Actor
) -> None:
    """This portion's share of all touches and purchases."""
    share = [[total * at // members for at in (first - 1, last)] for total in (touches, purchases)]
    grow_facts(
        first,
        last,
        touches=share[0][1] - share[0][0],
        purchases=share[1][1] - share[1][0],
        number=known + share[1][0] + 1,
        by=by,
    )


@contextmanager
def _hands(processes: int) -> Iterator[Callable[..., Any]]:
    """`map`, here or spread over processes; each opens a connection of its own."""
    if processes <= 1:
        yield map
        return
    connection.close()
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        yield pool.map


def _count(what: str) -> int:
    with scope_of(_SYSTEM), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {what}")  # noqa: S608 - our own words
        return int(cursor.fetchone()[0])
