"""The members counted by where they were met and what they are known by, and the newest maps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from members.behaviour.models import Touchpoint
from members.datamap.models import MapDay
from members.datamap.rules import (
    KNOWN_BIT,
    LATELY_DAYS,
    MET_DAYS,
    POINT_BIT,
    Combo,
)
from members.tags.queries import members_of_rule
from stores.ledger.models import TouchKind

# One pass over each table of facts, each folded to one row a member before they meet.
_COMBOS: Final = """
WITH RECURSIVE walk (no, into_no) AS (
  SELECT member_no, into_no FROM stores_mergedmember WHERE undone_at IS NULL
  UNION
  SELECT w.no, m.into_no FROM walk w
    JOIN stores_mergedmember m ON m.member_no = w.into_no AND m.undone_at IS NULL
), merged AS (
  SELECT no, into_no FROM walk w WHERE NOT EXISTS (
    SELECT 1 FROM stores_mergedmember x WHERE x.member_no = w.into_no AND x.undone_at IS NULL)
), facts (member_no, bit, lately) AS (
  SELECT c.member_id, %(friend)s, max(f.since) > %(lately)s
    FROM members_friendship f JOIN members_contact c ON c.id = f.contact_id
   WHERE f.until IS NULL AND c.member_id IS NOT NULL GROUP BY 1
  UNION ALL
  SELECT member_no, %(till)s, max(sold_at) > %(lately)s
    FROM stores_purchaseline
   WHERE member_no IS NOT NULL AND amount > 0 AND sold_at > %(met)s GROUP BY 1
  UNION ALL
  SELECT member_no, %(group)s, bool_or(at > %(lately)s) FROM (
    SELECT DISTINCT ON (member_no, source) member_no, source, kind, at FROM stores_touch
     WHERE kind IN ('group_join', 'group_leave') AND member_no IS NOT NULL
     ORDER BY member_no, source, at DESC, id DESC) last
   WHERE kind = 'group_join' GROUP BY 1
  UNION ALL
  SELECT member_no, CASE kind {touches} END, max(at) > %(lately)s
    FROM stores_touch
   WHERE member_no IS NOT NULL AND kind = ANY(%(kinds)s) AND at > %(met)s GROUP BY 1, 2
  UNION ALL
  SELECT member_id, CASE touchpoint {points} END, max(at) > %(lately)s
    FROM members_behaviourevent WHERE at > %(met)s GROUP BY 1, 2
  UNION ALL
  SELECT member_id, %(marketplace)s, false
    FROM members_identity WHERE kind = 'marketplace' GROUP BY 1
), met AS (
  SELECT COALESCE(m.into_no, f.member_no) AS member_no, bit_or(f.bit) AS met,
         bit_or(CASE WHEN f.lately THEN f.bit ELSE 0 END) AS lately
    FROM facts f LEFT JOIN merged m ON m.no = f.member_no GROUP BY 1
), known AS (
  SELECT member_id, bit_or(CASE kind {kinds} ELSE 0 END) AS known
    FROM members_identity GROUP BY 1
)
SELECT COALESCE(met.met, 0), COALESCE(met.lately, 0), COALESCE(known.known, 0), count(*)
  FROM ({members}) who (id)
  LEFT JOIN met ON met.member_no = who.id
  LEFT JOIN known ON known.member_id = who.id
 GROUP BY 1, 2, 3
"""
# Which touches are a meeting at which touchpoint.
_MEETINGS: Final = {
    TouchKind.SCAN: "store_ipad",
    TouchKind.REGISTRATION: "store_ipad",
    TouchKind.VISIT: "store_ipad",
    TouchKind.LINK_OPEN: "link",
}


def combos_at(at: datetime) -> list[Combo]:
    """How many members share what, at this time; one statement, whatever their number."""
    members, values = members_of_rule({}, at).order_by().values("pk").query.sql_with_params()
    text = _COMBOS.format(
        touches=_cases({kind.value: POINT_BIT[point] for kind, point in _MEETINGS.items()}),
        points=_cases({point.value: POINT_BIT[point.value] for point in Touchpoint}),
        kinds=_cases(KNOWN_BIT),
        members=_named(members),
    )
    parameters: dict[str, Any] = {
        "met": at - timedelta(days=MET_DAYS),
        "lately": at - timedelta(days=LATELY_DAYS),
        "kinds": [kind.value for kind in _MEETINGS],
        **{name: POINT_BIT[name] for name in ("friend", "till", "group", "marketplace")},
        **{f"who{number}": value for number, value in enumerate(values)},
    }
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return [Combo(*row) for row in cursor.fetchall()]


def _cases(bits: dict[str, int]) -> str:
    """Words and bits of our own, never of anybody's making."""
    return " ".join(f"WHEN '{name}' THEN {bit}" for name, bit in bits.items())


def _named(sql: str) -> str:
    """Django's places for values, in order, as places with names."""
    parts = sql.split("%s")
    named = [f"{part}%(who{number})s" for number, part in enumerate(parts[:-1])]
    return "".join([*named, parts[-1]])


def newest_maps() -> tuple[MapDay | None, MapDay | None]:
    """The newest map and the one before it; one query."""
    found = list(MapDay.objects.order_by("-on")[:2])
    return (found[0] if found else None), (found[1] if len(found) > 1 else None)
