"""Members × value × time: what the members of one registration month brought in each later month.

Counted by the nightly proof, since nobody waits for it; read as the sides of boxes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection
from django.db.models import Q, Sum
from django.db.models.functions import TruncMonth

from kit.actions import must_be_in_action
from stores.figures.models import CohortMonth, StoreDay
from stores.figures.rules import Area, moved

_COUNT: Final = """
WITH bounds AS (
  SELECT s.id AS store_no, s.time_zone AS zone,
    %(month)s::timestamp AT TIME ZONE s.time_zone AS begins,
    (%(month)s::timestamp + interval '1 month') AT TIME ZONE s.time_zone AS ends
  FROM stores_store s
), credited AS (
  SELECT c.member_no, c.amount, c.kept FROM stores_credit c JOIN bounds b USING (store_no)
  WHERE c.sold_at >= b.begins AND c.sold_at < b.ends AND c.member_no IS NOT NULL
), n AS (
  SELECT o.store_no, date_trunc('month', o.at AT TIME ZONE b.zone)::date AS cohort,
    count(DISTINCT c.member_no) FILTER (WHERE c.kept > 0) AS buyers, sum(c.amount) AS sales
  FROM credited c JOIN stores_origin o USING (member_no) JOIN bounds b USING (store_no)
  GROUP BY 1, 2
), gone AS (
  DELETE FROM stores_cohortmonth m WHERE m.month = %(month)s
    AND NOT EXISTS (SELECT 1 FROM n WHERE n.store_no = m.store_no AND n.cohort = m.cohort)
)
INSERT INTO stores_cohortmonth AS m (store_no, cohort, month, buyers, sales)
SELECT store_no, cohort, %(month)s, buyers, sales FROM n
ON CONFLICT (store_no, cohort, month)
DO UPDATE SET buyers = EXCLUDED.buyers, sales = EXCLUDED.sales
WHERE (m.buyers, m.sales) <> (EXCLUDED.buyers, EXCLUDED.sales)
"""
SIDES: Final = {"members": "会员数", "value": "每位会员每月的消费", "months": "时间"}


def count_cohorts(month: date) -> None:
    """Write what the members of each cohort were credited with in a month, wherever. A step.

    Counting again changes nothing.
    """
    must_be_in_action()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"month": month})


@dataclass(frozen=True, slots=True)
class Cohort:
    """The members of one month, and what they have brought since."""

    month: date
    area: Area
    buyers: int

    @property
    def per_month(self) -> int:
        return round(self.area.value)


def cohorts_of(stores: Collection[int] | None, until: date, *, most: int = 12) -> list[Cohort]:
    """The last cohorts, oldest first, as they stood at the last proof: two queries."""
    last = until.replace(day=1)
    first = _away(last, 1 - most)
    joined = StoreDay.objects.filter(day__gte=first, day__lte=until)
    brought = CohortMonth.objects.filter(cohort__gte=first, cohort__lte=last, month__lte=last)
    if stores is not None:
        joined = joined.filter(store_no__in=stores)
        brought = brought.filter(store_no__in=stores)
    members = dict(
        joined.order_by()
        .annotate(month=TruncMonth("day"))
        .values_list("month")
        .annotate(n=Sum("new_members"))
    )
    sums: dict[date, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for cohort, sales, buyers in (
        brought.order_by().values_list("cohort").annotate(s=Sum("sales"), b=Sum("buyers"))
    ):
        sums[cohort] = (sales, buyers)
    months = [_away(first, n) for n in range(most)]
    return [
        Cohort(month, Area(members.get(month, 0), _between(month, last) + 1, sums[month][0]), b)
        for month in months
        if members.get(month, 0)
        for b in (sums[month][1],)
    ]


def what_moved(stores: Collection[int] | None, until: date) -> list[tuple[str, float]]:
    """Which side moved the area most between this month's and last month's whole: two queries.

    Whole: every member known so far, what they bought in that month.
    """
    last = until.replace(day=1)
    before = _away(last, -1)
    joined = StoreDay.objects.filter(day__lt=_away(last, 1))
    brought = CohortMonth.objects.filter(month__in=(before, last))
    if stores is not None:
        joined = joined.filter(store_no__in=stores)
        brought = brought.filter(store_no__in=stores)
    said = joined.aggregate(
        total=Sum("new_members"), fresh=Sum("new_members", filter=Q(day__gte=last))
    )
    total, fresh = said["total"] or 0, said["fresh"] or 0
    sales = dict(brought.order_by().values_list("month").annotate(s=Sum("sales")))
    return [
        (SIDES[name], factor)
        for name, factor in moved(
            Area(total - fresh, 1, sales.get(before, 0)), Area(total, 1, sales.get(last, 0))
        )
        if name != "months"
    ]


def _away(month: date, count: int) -> date:
    at = month.year * 12 + month.month - 1 + count
    return date(at // 12, at % 12 + 1, 1)


def _between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
