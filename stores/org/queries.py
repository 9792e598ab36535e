"""Reads about places and people that other rooms need in one word."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from kit.actor import Scope
from stores.org.models import (
    Guide,
    HandOver,
    HandOverReason,
    HandOverShare,
    HandOverState,
    OpeningHours,
    Role,
    Store,
)
from stores.org.rules import HoursRow, hours_that_hold


def hours_on(store: Store, day: date) -> HoursRow | None:
    """The hours that hold in a store on a day; None when nobody entered any."""
    return hours_that_hold(hours_of([store]).get(store.pk, []), day)


def hours_of(stores: Iterable[Store]) -> dict[int, list[HoursRow]]:
    """All entries of several stores in one query, for those who judge many days."""
    found: dict[int, list[HoursRow]] = {}
    rows = OpeningHours.objects.filter(store__in=[store.pk for store in stores])
    for row in rows:
        found.setdefault(row.store_id, []).append(
            HoursRow(
                since=row.since,
                until=row.until,
                weekday=row.weekday,
                opens_at=row.opens_at,
                closes_at=row.closes_at,
                note=row.note,
                updated_at=row.updated_at,
            )
        )
    return found


def shop_day(store: Store, at: datetime) -> date:
    """The calendar day of the store's own clock."""
    return at.astimezone(ZoneInfo(store.time_zone)).date()


class OpenHours:
    """Whether stores were open at moments: two queries for any number of questions."""

    def __init__(self, store_nos: Iterable[int]) -> None:
        self._stores = Store.objects.in_bulk(set(store_nos))
        self._rows = hours_of(self._stores.values())

    def was_open(self, store_no: int, at: datetime) -> bool | None:
        """None when nobody entered hours for that day. A night's hours end the next morning."""
        store = self._stores.get(store_no)
        rows = self._rows.get(store_no, [])
        if store is None:
            return None
        here = at.astimezone(ZoneInfo(store.time_zone)).replace(tzinfo=None)
        today = here.date()
        yesterday = today - timedelta(days=1)
        if (row := hours_that_hold(rows, yesterday)) is not None and row.holds_at(here, yesterday):
            return True
        row = hours_that_hold(rows, today)
        return None if row is None else row.holds_at(here, today)


def is_open(store: Store, at: datetime) -> bool | None:
    """Is the store open at this moment by its own clock; None when nobody entered hours."""
    return OpenHours([store.pk]).was_open(store.pk, at)


def successors_for(handover: HandOver, scope: Scope, words: str = "") -> QuerySet[Guide]:
    """Who may take over: working, known to WeCom, of the same company, within the decider's sight.

    Those of the store come first. `words` are part of a name, a number or a store.
    """
    found = (
        Guide.objects.working()
        .select_related("store")
        .filter(store__entity=handover.store.entity_id)
        .exclude(pk=handover.guide_id)
        .exclude(wecom_userid=None)
        .exclude(wecom_userid="")
    )
    if not scope.everything:
        found = found.filter(store__in=scope.stores)
    if words:
        found = found.filter(_named(words))
    is_near = Case(When(store=handover.store_id, then=Value(0)), default=Value(1))
    # Managers have other work.
    is_guide = Case(When(role=Role.GUIDE, then=Value(0)), default=Value(1))
    return found.order_by(is_near, is_guide, "store__code", "employee_no")


def people_found(scope: Scope, words: str = "") -> QuerySet[Guide]:
    """Guides of the stores in sight, those who left among them: their customers may still wait."""
    found = Guide.objects.select_related("store").order_by("store__code", "employee_no")
    if not scope.everything:
        found = found.filter(store__in=scope.stores)
    return found.filter(_named(words)) if words else found


def _named(words: str) -> Q:
    return Q(name__icontains=words) | Q(employee_no__iexact=words) | Q(store__name__icontains=words)


def hand_overs_in(scope: Scope) -> QuerySet[HandOver]:
    """The hand-overs of the stores in sight, newest first."""
    found = HandOver.objects.select_related("guide__store", "store").order_by("-proposed_at", "-pk")
    return found if scope.everything else found.filter(store__in=scope.stores)


def leaves_now(at: datetime) -> QuerySet[HandOver]:
    """Leaves that hold at a moment. `members.migrations` says the same in row-level security."""
    return HandOver.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        reason=HandOverReason.LEAVE,
        state=HandOverState.DECIDED,
        starts_at__lte=at,
    )


def stand_in_of(guide_id: int, at: datetime) -> Guide | None:
    """Who stands in for a guide on leave; None while she is here, or when the stand-in has left."""
    share = (
        HandOverShare.objects.filter(hand_over__in=leaves_now(at), hand_over__guide=guide_id)
        .filter(successor__left_on=None)
        .select_related("successor__store")
        .first()
    )
    return None if share is None else share.successor


def stands_in_for(guide_id: int, at: datetime) -> list[Guide]:
    """The guides on leave for whom she stands in."""
    leaves = leaves_now(at).filter(
        Exists(HandOverShare.objects.filter(hand_over=OuterRef("pk"), successor=guide_id))
    )
    return [leave.guide for leave in leaves.select_related("guide__store")]
