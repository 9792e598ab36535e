"""Keeping the sums: what has a mark is added or counted; every night all days are counted, and what
differs is mended and told.

One keeper at a time. It takes marks and does what they say in the same transaction: a fact that
commits later has brought a mark of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import F, Max, Min
from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from kit.fields import shown_id
from kit.live import announce
from stores.figures.cohorts import count_cohorts
from stores.figures.counting import GUIDES, KINDS, Cell, Difference, count_days
from stores.figures.facts import NOWHERE
from stores.figures.folding import Single, add_touches, learn_origins, mark_later_purchases
from stores.figures.models import FigureDifference, FigureProof, MarkedFacts, StoreDay
from stores.ledger.models import PurchaseLine, Touch
from stores.org.models import Guide, Store

KEEPER: Final = Actor.system("keeps the sums")
PORTION: Final = 400
# A recount takes a month of so many stores at once.
_STORES: Final = 20
_MOST_NAMED: Final = 200
# So many notes of single touches are taken at once; each holds 300 at most.
_NOTES: Final = 1000
_MOST_HINTS: Final = 50
# Facts end after five years; the sums of what is gone stay as they were.
_FACTS_LAST: Final = timedelta(days=5 * 365 - 3)
# Two numbers that nobody else uses.
_LOCK: Final = (4712, 1)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What marks said: touches to add, days to count by kind of fact, credits just written."""

    singles: list[Single] = field(default_factory=list)
    days: dict[MarkedFacts, set[Cell]] = field(default_factory=dict)
    credits: list[int] = field(default_factory=list)


@action
def keep_next(*, at: datetime, size: int = PORTION, by: Actor) -> int:
    """Do what the next marks say; how many touches and days that were, 0 when none waits.

    A second keeper finds the lock taken and does nothing. Safe to stop and to repeat.
    """
    return _keep_waiting(at, size) if _is_keeper() else 0


def _keep_waiting(at: datetime, size: int) -> int:
    horizon = timezone.localtime(at).date() - _FACTS_LAST
    taken = _Taken(_take_singles(), *_take_marks(size))
    singles = [single for single in taken.singles if single[1] >= horizon]
    days = {
        kind: {cell for cell in cells if cell[1] >= horizon} for kind, cells in taken.days.items()
    }
    learn_origins(singles, days.get(MarkedFacts.TOUCHES, ()))
    mark_later_purchases(taken.credits)
    add_touches(singles)
    _tell([found for kind, cells in days.items() for found in count_days(sorted(cells), kind)])
    return len(taken.singles) + sum(map(len, taken.days.values()))


def keep_all(at: datetime, *, most: int = 200) -> int:
    """Do everything that waits, portion by portion; how many touches and days."""
    done = 0
    for _ in range(most):
        counted = keep_next(at=at, by=KEEPER)
        if not counted:
            break
        done += counted
    return done


@action
def begin_proof(*, at: datetime, by: Actor) -> FigureProof:
    """Begin a recount of everything that facts tell of; one that is under way is gone on with."""
    running = FigureProof.objects.select_for_update().filter(finished_at=None).first()
    if running is not None:
        return running
    first, last = _months(at)
    return FigureProof.objects.create(begun_at=at, first=first, last=last, month=first)


@action
def prove_next(key: int, *, at: datetime, by: Actor) -> bool:
    """Count the next portion of a proof: a month of some stores; whether more are left.

    What differs and had no mark is named in the proof, and mended. False also while somebody else
    counts a portion of it: nobody waits for that.
    """
    waiting = FigureProof.objects.select_for_update(skip_locked=True)
    proof = waiting.filter(pk=key, finished_at=None).first()
    if proof is None or not _is_keeper(wait=True):
        return False
    if _keep_waiting(at, PORTION) >= PORTION:
        return True
    stores = list(
        Store.objects.filter(pk__gt=proof.after).order_by("pk").values_list("pk", flat=True)
    )[:_STORES]
    if not stores:
        return _next_month(proof, at)
    begun = [] if proof.after else [NOWHERE]
    cells = [(store, day) for store in [*begun, *stores] for day in _days_of(proof.month, at)]
    learn_origins((), cells)
    found = [each for kind in KINDS for each in count_days(cells, kind.facts)]
    _name(proof, [each for each in found if not each.is_awaited])
    FigureProof.objects.filter(pk=proof.pk).update(after=stores[-1], days=F("days") + len(cells))
    return True


def carry_on_proofs(at: datetime, *, portions: int = 20) -> int:
    """Go on with the proof that is under way; how many portions were counted."""
    key = FigureProof.objects.filter(finished_at=None).values_list("pk", flat=True).first()
    done = 0
    while key is not None and done < portions and prove_next(key, at=at, by=KEEPER):
        done += 1
    return done


def prove_all(at: datetime) -> FigureProof:
    """A whole proof from the beginning to the end; for the command and for trials."""
    proof = begin_proof(at=at, by=KEEPER)
    while prove_next(proof.pk, at=at, by=KEEPER):
        pass
    return FigureProof.objects.get(pk=proof.pk)


def _tell(found: Iterable[Difference]) -> None:
    """Hint to the screens of the guides whose sums moved: the judge's hint came before the sums."""
    guides = {each.part for each in found if each.table is GUIDES}
    if not 0 < len(guides) <= _MOST_HINTS:
        return
    public_ids = Guide.objects.filter(pk__in=map(int, guides)).values_list("public_id", flat=True)
    announce(*(f"guide.{shown_id(public_id)}" for public_id in public_ids), kind="figures")


def _is_keeper(*, wait: bool = False) -> bool:
    """The keeper's lock, until the end of the transaction."""
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", _LOCK)
        (got,) = cursor.fetchone()
    return wait or bool(got)


def _take_singles() -> list[Single]:
    """Remove the oldest notes of single touches; which touches they were, and on which day."""
    must_be_in_action()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH chosen AS (
              SELECT id FROM stores_figuremark WHERE facts = 'touches' AND numbers IS NOT NULL
              ORDER BY id LIMIT %s
            ), taken AS (
              DELETE FROM stores_figuremark m USING chosen c WHERE m.id = c.id
              RETURNING m.numbers, m.day
            )
            SELECT unnest(numbers), day FROM taken
            """,
            [_NOTES],
        )
        return cursor.fetchall()


def _take_marks(size: int) -> tuple[dict[MarkedFacts, set[Cell]], list[int]]:
    """Remove the marks of the oldest days of one month that wait; which days of which facts they
    were, and the credits that were written.
    """
    must_be_in_action()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH oldest AS MATERIALIZED (
              SELECT store_no, day FROM stores_figuremark
              WHERE facts <> 'touches' OR numbers IS NULL ORDER BY id LIMIT 20000
            ), chosen AS (
              SELECT DISTINCT store_no, day FROM oldest
              WHERE date_trunc('month', day) = (SELECT date_trunc('month', day) FROM oldest LIMIT 1)
              ORDER BY day, store_no LIMIT %s
            ), taken AS (
              DELETE FROM stores_figuremark m USING chosen c
              WHERE m.store_no = c.store_no AND m.day = c.day
                AND (m.facts <> 'touches' OR m.numbers IS NULL)
              RETURNING m.store_no, m.day, m.facts, m.numbers
            )
            SELECT store_no, day, facts, numbers FROM taken
            """,
            [size],
        )
        return _told(cursor.fetchall())


def _told(
    marks: Iterable[tuple[int, date, str, list[int] | None]],
) -> tuple[dict[MarkedFacts, set[Cell]], list[int]]:
    days: dict[MarkedFacts, set[Cell]] = {}
    credits: list[int] = []
    for store_no, day, facts, numbers in marks:
        credits += numbers or []
        for kind in KINDS:
            if facts in (kind.facts, MarkedFacts.EVERYTHING):
                days.setdefault(kind.facts, set()).add((store_no, day))
    return days, credits


def _months(at: datetime) -> tuple[date, date]:
    """The first and the last month of which facts or sums tell."""
    today = timezone.localtime(at).date()
    moments = [
        Touch.objects.aggregate(at=Min("at"))["at"],
        PurchaseLine.objects.aggregate(at=Min("sold_at"))["at"],
    ]
    days = [timezone.localtime(moment).date() for moment in moments if moment is not None]
    sums = StoreDay.objects.aggregate(first=Min("day"), last=Max("day"))
    days += [day for day in (sums["first"], sums["last"]) if day is not None]
    # A zone west of the house's own begins its day later.
    first = max(min([*days, today]) - timedelta(days=1), today - _FACTS_LAST)
    last = max([*days, today]) + timedelta(days=1)
    return first.replace(day=1), last.replace(day=1)


def _days_of(month: date, at: datetime) -> list[date]:
    horizon = timezone.localtime(at).date() - _FACTS_LAST
    days = [month + timedelta(days=n) for n in range(31)]
    return [day for day in days if day.month == month.month and day >= horizon]


def _next_month(proof: FigureProof, at: datetime) -> bool:
    count_cohorts(proof.month)
    month = (proof.month + timedelta(days=31)).replace(day=1)
    if month > proof.last:
        FigureProof.objects.filter(pk=proof.pk).update(finished_at=at)
        return False
    FigureProof.objects.filter(pk=proof.pk).update(month=month, after=0)
    return True


def _name(proof: FigureProof, found: list[Difference]) -> None:
    """Write down what differed, a row of sums once for all kinds of facts."""
    rows: dict[tuple[str, int, date, str], FigureDifference] = {}
    for each in found:
        name = each.table.name.removeprefix("stores_")
        row = rows.setdefault(
            (name, each.store_no, each.day, each.part),
            FigureDifference(
                proof=proof,
                table=name,
                store_no=each.store_no,
                day=each.day,
                part=each.part[:100],
                stood={},
                counted={},
            ),
        )
        row.stood |= each.changed(each.stood)
        row.counted |= each.changed(each.counted)
    named = max(0, _MOST_NAMED - FigureDifference.objects.filter(proof=proof).count())
    FigureDifference.objects.bulk_create(list(rows.values())[:named])
    FigureProof.objects.filter(pk=proof.pk).update(differences=F("differences") + len(rows))
