"""Figures of a guide, a store and HQ at growing numbers of touches; upkeep per fact; the recount.

The product's path reads sums. The limit of a tile is a bare index scan over the same sums, its
rival a count over the touches. Upkeep is what a fact costs more with its mark, and what counting
the marked days costs; the recount counts every day of every store from the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bench._ground import Ground, fresh_database, median, seconds
from kit.actions import action, set_session_scope
from kit.actor import EVERYTHING, Actor
from stores.figures.dashboard import dashboard, read_asked
from stores.figures.keeping import keep_all, prove_all
from stores.figures.models import FigureMark, GuideDay
from stores.figures.queries import Choice, read_days, sums_by_day
from stores.figures.rules import Period
from stores.org.models import Guide, Store

BENCH: Final = Actor.system("bench")
SIZES: Final = {"small": (100_000, 1_000_000), "full": (1_000_000, 10_000_000, 100_000_000)}
STORES: Final = {"small": 20, "full": 200}
FACTS: Final = {"small": 20_000, "full": 200_000}
ROUNDS: Final = 7
_TRIGGER: Final = "stores_touch_figures_insert_new"
LIMIT: Final = (
    "SELECT day, sum(sales), sum(all_sales), sum(new_members) FROM stores_storeday"
    " WHERE day BETWEEN %s AND %s GROUP BY day"
)
RIVAL: Final = (
    "SELECT kind, count(*) FROM stores_touch WHERE at >= %s AND at < %s AND kind = ANY(%s)"
    " GROUP BY kind"
)
TOLD: Final = """
INSERT INTO stores_touch (member_no, guide_no, store_no, kind, source, at, recorded_at)
SELECT n, g.id, g.store_id, 'visit', 'bench', now() - interval '1 day' * (n %% 3), now()
FROM generate_series(1, %(facts)s::bigint) n
JOIN (SELECT id, store_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS many
      FROM stores_guide) g ON g.place = n %% g.many
"""


def run(scale: str) -> dict[str, Any]:
    """Each screen at each size; wrong when a recount finds a sum that is not what facts say."""
    results: dict[str, Any] = {}
    costs: dict[str, list[float]] = {}
    correct, known = True, 0
    with fresh_database() as ground:
        for size in SIZES[scale]:
            _grow(scale, size, known)
            known = size
            set_session_scope(EVERYTHING)
            ground.as_owner("VACUUM ANALYZE")
            recount = seconds(lambda: _count_all(results))
            correct = correct and results.pop("differences") == 0
            for name, took in _screens().items():
                results[f"{size}_{name}_ms"] = took * 1000
                costs.setdefault(name, []).append(took)
            results[f"{size}_recount_facts_per_s"] = size / recount
        results |= _upkeep(ground, FACTS[scale])
        correct = correct and prove_all(timezone.now()).differences == 0
    growth = {f"growth_of_{name}": took[-1] / took[0] for name, took in costs.items()}
    return {
        **results,
        **growth,
        "touches_grew": SIZES[scale][-1] / SIZES[scale][0],
        "goal": "hq_days ≤ 1.2 × limit; growth near 1; upkeep ≤ 0.25",
        "correct": correct,
    }


def _grow(scale: str, size: int, known: int) -> None:
    """Stores, guides and members stay; touches and purchases grow."""
    call_command(
        "grow", stores=STORES[scale], guides=STORES[scale] * 10, members=20_000,
        touches=size - known, purchases=size // 5, verbosity=0, processes=1,
    )  # fmt: skip
    keep_all(timezone.now(), most=100_000)


def _count_all(results: dict[str, Any]) -> None:
    results["differences"] = prove_all(timezone.now()).differences


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


def _upkeep(ground: Ground, facts: int) -> dict[str, Any]:
    """The same facts told with and without their mark, one after the other, and then counted."""
    told: dict[bool, list[float]] = {True: [], False: []}
    counted: list[float] = []
    marks = 0
    for _ in range(3):
        for is_marked in (False, True):
            able = "ENABLE" if is_marked else "DISABLE"
            ground.as_owner(f"ALTER TABLE stores_touch {able} TRIGGER {_TRIGGER}")
            told[is_marked].append(seconds(lambda: _tell(facts=facts, by=BENCH)))
        marks = FigureMark.objects.count()
        counted.append(seconds(lambda: keep_all(timezone.now(), most=100_000)))
    # What was told without marks waits for nobody: the recount mends it here.
    prove_all(timezone.now())
    bare, marked = median(told[False]), median(told[True])
    return {
        "upkeep_us_per_fact": (marked - bare + median(counted)) / facts * 1e6,
        "marking_over_ingest": marked / bare - 1,
        "upkeep_over_ingest": (marked - bare + median(counted)) / bare,
        "marks_of_a_statement": marks,
    }


def _ask(statement: str, *values: Any) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


@action
def _tell(*, facts: int, by: Actor) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TOLD, {"facts": facts})
