"""How many a changed rule would move, before anybody publishes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.utils import timezone

from members.lifecycle.models import Stage, StageRule

# Above so many rows a part of the table's pages stands for the whole; it is said to be about.
EXACT_UP_TO: Final = 500_000

_PREVIEW: Final = """
SELECT s.stage, CASE
    WHEN quiet > %(lapsed)s THEN 'lapsed' WHEN quiet > %(dormant)s THEN 'dormant'
    WHEN s.frequency >= %(mature)s
      OR (s.frequency > 0 AND s.monetary_minor >= %(spend)s::bigint) THEN 'mature'
    WHEN s.frequency >= %(growing)s THEN 'growing' ELSE 'new' END AS then_stage, count(*)
FROM (SELECT *, %(on)s::date - COALESCE(last_on, joined_on) AS quiet
  FROM members_memberstage {sample}) s
GROUP BY 1, 2 ORDER BY 3 DESC
"""


@dataclass(frozen=True, slots=True)
class Shift:
    """So many would stand in another stage."""

    before: str
    stage: str
    count: int

    def __str__(self) -> str:
        return f"{Stage(self.before).label} → {Stage(self.stage).label}：{self.count:,} 人"


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a rule would move, today; `is_exact` is false where a sample spoke for all."""

    shifts: Sequence[Shift]
    people: int
    is_exact: bool

    @property
    def moved(self) -> int:
        return sum(shift.count for shift in self.shifts)


def preview_of(rule: StageRule) -> Preview:
    """What publishing the rule today would do to those the scope around us meets."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'members_memberstage'")
        rows = max(float(cursor.fetchone()[0]), 0.0)
        part = min(1.0, EXACT_UP_TO / rows) if rows else 1.0
        sample = "" if part == 1.0 else f"TABLESAMPLE SYSTEM ({100 * part:.4f}) REPEATABLE (1)"
        cursor.execute(
            _PREVIEW.format(sample=sample),
            {
                "on": timezone.localdate(),
                "lapsed": rule.lapsed_after,
                "dormant": rule.dormant_after,
                "mature": rule.mature_purchases,
                "spend": rule.mature_spend,
                "growing": rule.growing_purchases,
            },
        )
        found = [(before, then, round(count / part)) for before, then, count in cursor.fetchall()]
    return Preview(
        shifts=[Shift(*line) for line in found if line[0] != line[1]],
        people=sum(line[2] for line in found),
        is_exact=part == 1.0,
    )
