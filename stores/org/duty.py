"""Duty of a store's guides: who is there now, a week as one looks at it, and planning it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from stores.org.access import answers_for
from stores.org.models import Guide, Role, Store
from stores.org.models_of_duty import Shift
from stores.org.queries import hours_of, leaves_now
from stores.org.rules import HoursRow, hours_that_hold
from stores.org.rules_of_duty import (
    KIND_WORDS,
    DutyRow,
    RowFault,
    duty_times,
    next_kind,
    read_duty_rows,
)


class NotYours(Exception):
    """这位导购或这家门店不归你排班。"""


def on_duty(store_id: int, at: datetime) -> list[Guide]:
    """Working guides whose shift in the store holds now and who are not on leave."""
    return list(
        Guide.objects.working()
        .filter(shifts__store=store_id, shifts__begins_at__lte=at, shifts__ends_at__gt=at)
        .exclude(pk__in=leaves_now(at).values("guide"))
        .select_related("store")
        .order_by("pk")
        .distinct()
    )


def people_of(store_id: int) -> QuerySet[Guide]:
    """The working guides of a store, managers last."""
    is_guide = Case(When(role=Role.GUIDE, then=Value(0)), default=Value(1))
    return (
        Guide.objects.working()
        .filter(store=store_id)
        .exclude(role=Role.AREA_MANAGER)
        .order_by(is_guide, "employee_no")
    )


# ---------------------------------------------------------------- a week


@dataclass(frozen=True, slots=True)
class Cell:
    """One guide's day: what is planned, in words, and what one more tap makes of it."""

    day: date
    kind: str
    words: str
    times: str
    next_kind: str
    next_words: str


@dataclass(frozen=True, slots=True)
class Week:
    """A store's week as a picture: a row per guide, a column per day."""

    store: Store
    monday: date
    rows: list[tuple[Guide, list[Cell]]]
    # How many are planned on each day; a day without anybody is worth a look.
    counts: list[int]

    @property
    def days(self) -> list[date]:
        return [self.monday + timedelta(days=number) for number in range(7)]


def week_of(store: Store, monday: date) -> Week:
    """Four queries, however many guides."""
    zone = ZoneInfo(store.time_zone)
    days = [monday + timedelta(days=number) for number in range(7)]
    planned = _shifts_between(store, monday, monday + timedelta(days=7))
    hours = hours_of([store]).get(store.pk, [])
    found: dict[tuple[int, date], list[Shift]] = defaultdict(list)
    for shift in planned:
        found[shift.guide_id, shift.begins_at.astimezone(zone).date()].append(shift)
    rows = [
        (guide, [_cell(day, found[guide.pk, day], hours, zone) for day in days])
        for guide in people_of(store.pk)
    ]
    counts = [sum(cells[number].kind != "off" for _, cells in rows) for number in range(7)]
    return Week(store, monday, rows, counts)


def _cell(day: date, shifts: list[Shift], hours: Sequence[HoursRow], zone: ZoneInfo) -> Cell:
    kind, times = "off", ""
    if shifts:
        begins, ends = (
            moment.astimezone(zone) for moment in (shifts[0].begins_at, shifts[-1].ends_at)
        )
        times = f"{begins:%H:%M}–{ends:%H:%M}"
        kind = _kind_of(day, begins, ends, hours)
    after = next_kind(kind)
    return Cell(day, kind, KIND_WORDS.get(kind, "有班"), times, after, KIND_WORDS[after])


def _kind_of(day: date, begins: datetime, ends: datetime, hours: Sequence[HoursRow]) -> str:
    wanted = (begins.replace(tzinfo=None), ends.replace(tzinfo=None))
    for kind in ("full", "early", "late"):
        if _times_on(day, kind, hours) == wanted:
            return kind
    return "own"


def _times_on(day: date, kind: str, hours: Sequence[HoursRow]) -> tuple[datetime, datetime] | None:
    row = hours_that_hold(hours, day)
    return duty_times(
        day, kind, None if row is None else row.opens_at, None if row is None else row.closes_at
    )


def _shifts_between(store: Store, first: date, end: date) -> QuerySet[Shift]:
    zone = ZoneInfo(store.time_zone)
    return Shift.objects.filter(
        store=store,
        begins_at__gte=datetime.combine(first, time(), tzinfo=zone),
        begins_at__lt=datetime.combine(end, time(), tzinfo=zone),
    ).order_by("begins_at")


# ---------------------------------------------------------------- planning


@action
def plan_day(guide_id: int, *, store_id: int, day: date, kind: str, by: Actor) -> None:
    """The guide's day in the store becomes a shift of this kind, or a day off. Again: the same.

    Refuses a guide or store that `by` does not answer for, and a guide of another store (NotYours);
    KeyError for a kind that is none.
    """
    store = _store_of(store_id, by)
    guide = Guide.objects.working().filter(pk=guide_id, store=store).select_for_update().first()
    if guide is None:
        raise NotYours
    _shifts_between(store, day, day + timedelta(days=1)).filter(guide=guide).delete()
    times = _times_on(day, kind, hours_of([store]).get(store.pk, []))
    if times is not None:
        _put(guide, store, times, by)


@action
def copy_week(store_id: int, *, monday: date, by: Actor) -> int:
    """Plan a week as the one before it, for everybody who has nothing planned on that day.

    Who left meanwhile is left out; how many shifts were made. Again makes none.
    """
    store = _store_of(store_id, by)
    zone = ZoneInfo(store.time_zone)
    people = {guide.pk: guide for guide in people_of(store.pk).select_for_update(of=("self",))}
    week = timedelta(days=7)
    taken = {
        (shift.guide_id, shift.begins_at.astimezone(zone).date())
        for shift in _shifts_between(store, monday, monday + week)
    }
    made = 0
    for shift in _shifts_between(store, monday - week, monday):
        guide = people.get(shift.guide_id)
        # By the clock on the wall: a week with a change of clocks keeps its opening time.
        times = tuple(
            moment.astimezone(zone).replace(tzinfo=None) + week
            for moment in (shift.begins_at, shift.ends_at)
        )
        if guide is None or (guide.pk, times[0].date()) in taken:
            continue
        _put(guide, store, (times[0], times[1]), by)
        made += 1
    return made


@action
def import_duty(rows: Sequence[Mapping[str, str | None]], *, by: Actor) -> list[RowFault]:
    """Plan what a file says, all of it or, when anything is wrong, none of it: the faults.

    Each day that the file names for a guide becomes what the file says; told again, the same.
    """
    good, faults = read_duty_rows(rows)
    people = {
        guide.employee_no: guide
        for guide in Guide.objects.working()
        .filter(employee_no__in={row.employee_no for row in good})
        .select_related("store")
        .select_for_update(of=("self",))
    }
    for row in good:
        guide = people.get(row.employee_no)
        if guide is None or not answers_for(by.scope, guide.store_id):
            faults.append(
                RowFault(row.row, f"没有工号为 {row.employee_no} 的在职导购，或不归你管。")
            )
    faults += _overlaps(good)
    if faults or not good:
        return sorted(faults, key=lambda fault: fault.row)
    for number, day in {(row.employee_no, row.day) for row in good}:
        guide = people[number]
        _shifts_between(guide.store, day, day + timedelta(days=1)).filter(guide=guide).delete()
    for row in good:
        guide = people[row.employee_no]
        ends_on = row.day + timedelta(days=1 if row.ends <= row.begins else 0)
        times = (datetime.combine(row.day, row.begins), datetime.combine(ends_on, row.ends))
        _put(guide, guide.store, times, by)
    return []


def _overlaps(rows: Sequence[DutyRow]) -> list[RowFault]:
    """Two rows of one guide that meet: the second is at fault."""
    faults = []
    ends: dict[str, datetime] = {}
    for row in sorted(rows, key=lambda row: (row.employee_no, row.day, row.begins)):
        begins = datetime.combine(row.day, row.begins)
        last = ends.get(row.employee_no)
        if last is not None and begins < last:
            faults.append(RowFault(row.row, "这位导购的两段班重叠了。"))
        ends_on = row.day + timedelta(days=1 if row.ends <= row.begins else 0)
        ends[row.employee_no] = datetime.combine(ends_on, row.ends)
    return faults


def _store_of(store_id: int, by: Actor) -> Store:
    if not answers_for(by.scope, store_id):
        raise NotYours
    return Store.objects.get(pk=store_id)


def _put(guide: Guide, store: Store, times: tuple[datetime, datetime], by: Actor) -> None:
    must_be_in_action()
    zone = ZoneInfo(store.time_zone)
    begins_at, ends_at = (moment.replace(tzinfo=zone) for moment in times)
    # A night shift of the day before that ends later than this begins gives way.
    Shift.objects.filter(guide=guide, begins_at__lt=ends_at, ends_at__gt=begins_at).delete()
    Shift.objects.create(
        guide=guide,
        store=store,
        begins_at=begins_at,
        ends_at=ends_at,
        planned_by=str(by),
        planned_at=timezone.now(),
    )
