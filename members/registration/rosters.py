"""Codes behind which a store stands: at the scan a guide is chosen, and the choice is traced.

Nothing here knows who scans. The nearest store is found from a position that is an argument and
nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, radians, sin, sqrt

from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.registration.channel_codes import ask_for_contact_way
from members.registration.models import ChannelCode, Scene
from members.registration.models_of_codes import (
    ChosenBy,
    RosterBackup,
    RosterChoice,
    RosterCode,
    RosterKind,
)
from members.registration.queries import midnight
from stores.org.duty import on_duty
from stores.org.models import Guide, Role, Store
from stores.org.queries import OpenHours, leaves_now, shop_day
from stores.org.rules_of_duty import whose_turn

_TOKEN_LENGTH = 22
_EARTH_METRES = 6_371_000


def roster_by_token(token: str) -> RosterCode | None:
    """The active shared code; what was ended or never was is the same nothing."""
    if len(token) != _TOKEN_LENGTH:
        return None
    return (
        RosterCode.objects.select_related("store", "region")
        .filter(token=token, is_active=True)
        .first()
    )


@action
def choose_guide(roster_id: int, store_id: int, *, by: Actor) -> ChannelCode | None:
    """Whose customer this scan will be: on duty now, else a backup, else the manager, else anyone.

    Among those on duty the one with the fewest of today's scans of this code; scans of one code
    wait for each other, so the shares stay even. The choice is written down with its rule. Gives
    her own code behind the shared one, or None in a store where nobody works.
    """
    roster = RosterCode.objects.select_for_update(of=("self",)).get(pk=roster_id)
    store = Store.objects.get(pk=store_id)
    now = timezone.now()
    present = on_duty(store.pk, now)
    guide, rule = _chosen(roster, store, present, now)
    RosterChoice.objects.create(
        roster=roster, store=store, guide=guide, rule=rule, on_duty=len(present), at=now
    )
    return None if guide is None else _code_behind(roster, store, guide)


def _chosen(
    roster: RosterCode, store: Store, present: Sequence[Guide], now: datetime
) -> tuple[Guide | None, ChosenBy]:
    if present:
        turn = _turn(roster, store, present, now)
        return next(guide for guide in present if guide.pk == turn), ChosenBy.DUTY
    away = set(leaves_now(now).values_list("guide", flat=True))
    backups = (
        RosterBackup.objects.filter(roster=roster, guide__in=Guide.objects.working())
        .filter(guide__store__entity=store.entity_id)
        .exclude(guide__in=away)
        .select_related("guide__store")
    )
    # A nearest code leads to many stores: its backups answer for their own only.
    if roster.kind == RosterKind.NEAREST:
        backups = backups.filter(guide__store=store)
    if (backup := backups.first()) is not None:
        return backup.guide, ChosenBy.BACKUP
    staff = (
        Guide.objects.working()
        .filter(store=store)
        .exclude(pk__in=away)
        .exclude(role=Role.AREA_MANAGER)
        .select_related("store")
        .order_by("pk")
    )
    if (manager := staff.filter(role=Role.STORE_MANAGER).first()) is not None:
        return manager, ChosenBy.MANAGER
    somebody = list(staff[:50])
    if not somebody:
        return None, ChosenBy.NOBODY
    turn = _turn(roster, store, somebody, now)
    return next(guide for guide in somebody if guide.pk == turn), ChosenBy.ANYONE


def _turn(roster: RosterCode, store: Store, present: Sequence[Guide], now: datetime) -> int | None:
    today = (
        RosterChoice.objects.filter(roster=roster, store=store, at__gte=midnight(store, now))
        .exclude(guide=None)
        .values_list("guide")
        .annotate(had=Count("pk"), last=Max("at"))
    )
    had: dict[int, int] = {}
    last: dict[int, datetime] = {}
    for guide, count, at in today:
        had[guide], last[guide] = count, at
    return whose_turn([guide.pk for guide in present], had, last)


def _code_behind(roster: RosterCode, store: Store, guide: Guide) -> ChannelCode:
    """Her code that only this shared code leads to: from here on it is a code like any other."""
    code, _ = ChannelCode.objects.get_or_create(
        roster=roster,
        guide=guide,
        store=store,
        is_active=True,
        handed_from=None,
        defaults={
            "scene": roster.scene,
            "campaign": roster.campaign,
            "cost_centre": roster.cost_centre,
        },
    )
    ask_for_contact_way(code, guide)
    return code


# ---------------------------------------------------------------- making one


@action
def make_roster_code(
    *,
    kind: RosterKind,
    scene: Scene,
    by: Actor,
    store_id: int | None = None,
    region_id: int | None = None,
    campaign: str = "",
    cost_centre: str = "",
) -> RosterCode:
    """A shared code; the same again returns the one that stands."""
    code, _ = RosterCode.objects.get_or_create(
        kind=kind,
        store_id=store_id,
        region_id=region_id,
        scene=scene,
        campaign=campaign,
        is_active=True,
        defaults={"cost_centre": cost_centre},
    )
    return code


@action
def end_roster_code(roster_id: int, *, by: Actor) -> RosterCode:
    """The code leads nowhere any more, and so do those behind it. Ended before: unchanged."""
    roster = RosterCode.objects.select_for_update(of=("self",)).get(pk=roster_id)
    roster.is_active = False
    roster.save(update_fields=["is_active"])
    ChannelCode.objects.filter(roster=roster, is_active=True).update(is_active=False)
    return roster


# ---------------------------------------------------------------- the nearest store


@dataclass(frozen=True, slots=True)
class Place:
    """A store to choose: whether it is open now, and how far away, if anybody said where she is."""

    store: Store
    is_open: bool | None
    metres: float | None = None


def stores_of(roster: RosterCode) -> QuerySet[Store]:
    """The stores among which a nearest code chooses: not closed for good, with people."""
    today = timezone.localdate()
    found = (
        Store.objects.select_related("region")
        .exclude(closed_on__lte=today)
        .filter(guides__in=Guide.objects.working())
        .distinct()
        .order_by("region__name", "code")
    )
    return found if roster.region_id is None else found.filter(region=roster.region_id)


def places_of(
    roster: RosterCode, at: datetime, position: tuple[float, float] | None = None
) -> list[Place]:
    """The code's stores, the nearest first when a position is given; three queries."""
    stores = [
        store
        for store in stores_of(roster)
        if store.opened_on is None or store.opened_on <= shop_day(store, at)
    ]
    hours = OpenHours(store.pk for store in stores)
    places = [
        Place(
            store,
            hours.was_open(store.pk, at),
            None if position is None else metres_between(position, store),
        )
        for store in stores
    ]
    if position is None:
        return places
    return sorted(places, key=lambda place: (place.metres is None, place.metres or 0.0))


def nearest_open(places: Sequence[Place]) -> Place | None:
    """The first that is open; one whose hours nobody entered counts as open."""
    return next(
        (place for place in places if place.metres is not None and place.is_open is not False),
        None,
    )


def metres_between(position: tuple[float, float], store: Store) -> float | None:
    """The way of a bird; None for a store whose place nobody entered."""
    if store.latitude is None or store.longitude is None:
        return None
    one, other = radians(position[0]), radians(float(store.latitude))
    height, width = other - one, radians(float(store.longitude) - position[1])
    half = sin(height / 2) ** 2 + cos(one) * cos(other) * sin(width / 2) ** 2
    return 2 * _EARTH_METRES * asin(sqrt(half))


def read_position(latitude: str, longitude: str) -> tuple[float, float] | None:
    """A position on earth, or None for anything else."""
    try:
        found = float(latitude[:24]), float(longitude[:24])
    except ValueError:
        return None
    return found if abs(found[0]) <= 90 and abs(found[1]) <= 180 else None
