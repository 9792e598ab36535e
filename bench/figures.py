"""Figures of a guide, a store and HQ at growing numbers of touches; upkeep per fact; the recount.

The product's path reads sums. The limit of `hq_days` is the bare SQL that sums the same columns of
the same days by the same index, its rival a count over the touches. Upkeep is what facts cost more
with their marks, and what the keeper costs, beside telling the same facts without (see
`_told_facts.py`); the recount counts every day of every store from the facts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from bench._ground import Ground, fresh_database, median, seconds
from bench._growth import grow
from bench._told_facts import upkeep
from kit.actions import set_session_scope
from kit.actor import EVERYTHING
from stores.figures.dashboard import dashboard, read_asked
from stores.figures.facts import NOWHERE
from stores.figures.keeping import keep_all, prove_all
from stores.figures.measures import EVERYTHING as MEASURES
from stores.figures.measures import TOUCHES
from stores.figures.models import GuideDay
from stores.figures.queries import Choice, read_days, sums_by_day
from stores.figures.rules import Period
from stores.ledger.models import Touch
from stores.org.models import Guide, Store

SIZES: Final = {"small": (100_000, 1_000_000), "full": (1_000_000, 10_000_000, 100_000_000)}
STORES: Final = {"small": 20, "full": 200}
MEMBERS: Final = {"small": 20_000, "full": 1_000_000}
FACTS: Final = {"small": 200, "full": 1000}
ROUNDS: Final = 7
LIMIT: Final = (
    f"SELECT day, {', '.join(f'sum({name})' for name in MEASURES)} FROM stores_storeday"  # noqa: S608
    " WHERE day BETWEEN %s AND %s GROUP BY day"
)
_TOLD: Final = ", ".join(
    f"count(*) FILTER (WHERE t.kind = '{kind}') AS {name}" for name, kind in TOUCHES.items()
)
# Zero where the facts say nothing: a row of sums may stand for purchases alone.
_BY_SQL: Final = f"""
SELECT count(*) FROM (
  SELECT COALESCE(t.store_no, {NOWHERE}) AS store_no,
    (t.at AT TIME ZONE COALESCE(s.time_zone, %s))::date AS day, {_TOLD}
  FROM stores_touch t LEFT JOIN stores_store s ON s.id = t.store_no GROUP BY 1, 2
) facts FULL JOIN stores_storeday sums USING (store_no, day)
WHERE ({", ".join(f"COALESCE(facts.{name}, 0)" for name in TOUCHES)})
  <> ({", ".join(f"COALESCE(sums.{name}, 0)" for name in TOUCHES)})
"""  # noqa: S608 - names of this house
RIVAL: Final = (
    "SELECT kind, count(*) FROM stores_touch WHERE at >= %s AND at < %s AND kind = ANY(%s)"
    " GROUP BY kind"
)


def run(scale: str) -> dict[str, Any]:
    """Each screen at each size; wrong when a sum is not what facts say, counted in two other ways.

    What the facts say is a recount, and plain SQL over all touches. Upkeep is measured beside the
    smallest size: a fact meets the sums of its own day.
    """
    results: dict[str, Any] = {}
    costs: dict[str, list[float]] = {}
    correct = True
    with fresh_database() as ground:
        set_session_scope(EVERYTHING)
        known = Touch.objects.count()
        # A base that was kept may hold more than any of them.
        sizes = [size for size in SIZES[scale] if size >= known] or [known]
        for size in sizes:
            _grow(ground, scale, size)
            _count_all()
            ground.as_owner("VACUUM ANALYZE")
            begun = time.perf_counter()
            differed = _count_all()
            results[f"{size}_recount_facts_per_s"] = size / (time.perf_counter() - begun)
            correct = correct and differed == _touches_that_differ() == 0
            for name, took in _screens().items():
                results[f"{size}_{name}_ms"] = took * 1000
                costs.setdefault(name, []).append(took)
            if size == SIZES[scale][0]:
                results |= upkeep(ground, FACTS[scale], ROUNDS)
                correct = correct and _count_all() == 0
    results["hq_days_over_limit"] = costs["hq_days"][-1] / costs["limit"][-1]
    return {
        **results,
        **{f"growth_of_{name}": took[-1] / took[0] for name, took in costs.items()},
        "touches_grew": sizes[-1] / sizes[0],
        "goal": "hq_days ≤ 1.2 × limit; growth near 1; upkeep ≤ 0.25",
        "correct": correct,
    }


def _grow(ground: Ground, scale: str, size: int) -> None:
    """Stores, guides and members stay; touches and purchases grow."""
    grow(
        ground, scale, stores=STORES[scale], guides=STORES[scale] * 10, members=MEMBERS[scale],
        touches=size, purchases=size // 5,
    )  # fmt: skip
    ground.as_owner("VACUUM ANALYZE")
    keep_all(timezone.now(), most=100_000)


def _count_all() -> int:
    """Count every day of every store; how many sums differed. What came bare left no mark."""
    return prove_all(timezone.now()).differences


def _touches_that_differ() -> int:
    """Days of stores whose touches plain SQL counts otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_SQL, [settings.TIME_ZONE])
        (found,) = cursor.fetchone()
    return int(found)


def _screens() -> dict[str, float]:
    """The median of each screen, and of the limit and the rival of a tile, alternating."""
    now = timezone.now()
    today = timezone.localdate()
    weeks = Period(today - timedelta(days=34), today)
    guide, store = Guide.objects.order_by("pk")[5], Store.objects.order_by("pk")[5]
    of_guide = GuideDay.objects.filter(guide_no=guide.pk)
    works: dict[str, Callable[[], object]] = {
        "guide": lambda: sums_by_day(of_guide, weeks),
        "store": lambda: read_days(Choice(weeks, frozenset({store.pk}))),
        "hq": lambda: dashboard(read_asked({}, EVERYTHING, now), now),
        "hq_days": lambda: read_days(Choice(weeks)),
        "limit": lambda: _ask(LIMIT, weeks.before.first, weeks.last),
        "rival": lambda: _ask(
            RIVAL, now - timedelta(days=70), now, ["visit", "push", "call", "link_open"]
        ),
    }
    took: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            took[name].append(seconds(work))
    return {name: median(values) for name, values in took.items()}


def _ask(statement: str, *values: Any) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
