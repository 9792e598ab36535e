"""Keeping the sums: days that have marks are counted; every night all days are, and what differs
is mended and told.

One keeper at a time. It takes the marks of some days and counts them in the same transaction: a
fact that commits later has brought a mark of its own.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import F, Max, Min
from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from stores.figures.cohorts import count_cohorts
from stores.figures.counting import Cell, Difference, count_days
from stores.figures.models import FigureDifference, FigureProof, StoreDay
from stores.ledger.models import PurchaseLine, Touch
from stores.org.models import Store

KEEPER: Final = Actor.system("keeps the sums")
PORTION: Final = 400
# A recount takes a month of so many stores at once.
_STORES: Final = 20
_MOST_NAMED: Final = 200
# Facts end after five years; the sums of what is gone stay as they were.
_FACTS_LAST: Final = timedelta(days=5 * 365 - 3)
_LOCK: Final = (4711, 1)


@action
def keep_next(*, at: datetime, size: int = PORTION, by: Actor) -> int:
    """Count the next days that have marks; how many days were counted, 0 when none waits.

    A second keeper finds the lock taken and does nothing. Safe to stop and to repeat.
    """
    if not _is_keeper():
        return 0
    cells = _take_marks(size)
    horizon = timezone.localtime(at).date() - _FACTS_LAST
    count_days([cell for cell in cells if cell[1] >= horizon])
    return len(cells)


def keep_all(at: datetime, *, most: int = 200) -> int:
    """Count everything that waits, portion by portion; how many days."""
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

    What differs and had no mark is named in the proof, and mended.
    """
    if not _is_keeper(wait=True):
        return False
    proof = FigureProof.objects.select_for_update().filter(pk=key, finished_at=None).first()
    if proof is None:
        return False
    stores = list(
        Store.objects.filter(pk__gt=proof.after).order_by("pk").values_list("pk", flat=True)
    )[:_STORES]
    if not stores:
        return _next_month(proof, at)
    cells = [(store, day) for store in stores for day in _days_of(proof.month, at)]
    _name(proof, [found for found in count_days(cells) if not found.is_awaited])
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


def _is_keeper(*, wait: bool = False) -> bool:
    """The keeper's lock, until the end of the transaction."""
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", _LOCK)
        (got,) = cursor.fetchone()
    return wait or bool(got)


def _take_marks(size: int) -> list[Cell]:
    """Remove the marks of the oldest days of one month that wait; which days they were."""
    must_be_in_action()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH oldest AS (
              SELECT store_no, day FROM stores_figuremark ORDER BY id LIMIT 20000
            ), chosen AS (
              SELECT DISTINCT store_no, day FROM oldest
              WHERE date_trunc('month', day) = (SELECT date_trunc('month', day) FROM oldest LIMIT 1)
              ORDER BY day, store_no LIMIT %s
            ), taken AS (
              DELETE FROM stores_figuremark m USING chosen c
              WHERE m.store_no = c.store_no AND m.day = c.day RETURNING m.store_no, m.day
            )
            SELECT DISTINCT store_no, day FROM taken
            """,
            [size],
        )
        return cursor.fetchall()


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
    named = max(0, _MOST_NAMED - FigureDifference.objects.filter(proof=proof).count())
    FigureDifference.objects.bulk_create(
        [
            FigureDifference(
                proof=proof,
                table=each.table.name.removeprefix("stores_"),
                store_no=each.store_no,
                day=each.day,
                part=each.part[:100],
                stood=each.changed(each.stood),
                counted=each.changed(each.counted),
            )
            for each in found[:named]
        ]
    )
    FigureProof.objects.filter(pk=proof.pk).update(differences=F("differences") + len(found))
