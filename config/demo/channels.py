"""The demo brand's codes at work: who is on duty, shared codes, what they cost, a printed sheet."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from config.demo import names
from config.demo.past import SEED
from kit.actions import action, scope_of
from kit.actor import Actor
from members.consent.models import Notice
from members.identity.models import Friendship, Member
from members.registration.channel_codes import ask_for_contact_way, make_channel_code
from members.registration.models import (
    ChannelCode,
    Outcome,
    Registration,
    RegistrationState,
    Scene,
)
from members.registration.models_of_codes import (
    ChannelCost,
    ChosenBy,
    RosterBackup,
    RosterChoice,
    RosterCode,
    RosterKind,
)
from members.registration.printing import draw_batch, order_prints
from members.registration.rosters import make_roster_code
from stores.org.duty import people_of
from stores.org.models import Account, Guide, Store
from stores.org.models_of_duty import Shift
from stores.org.rules_of_duty import duty_times, monday_of

CAMPAIGN: Final = "冬季上新"
_MARKETING: Final = "市场部"
_PAPER: Final = "门店物料"
_BEHIND_SHARED: Final = 0.2
_OF_CAMPAIGN: Final = 0.45
_CAMPAIGN_DAYS: Final = 30
# Store, scene, who answers while nobody is on duty.
_ROSTERS: Final = (
    ("S001", Scene.ENTRANCE, ("G002", "G003")),
    ("S002", Scene.TILL, ("G006",)),
    ("S003", Scene.ENTRANCE, ("G010",)),
)
# A day off moves through the week, and somebody opens and closes the store every day.
_TURN: Final = ("early", "late", "full", "off", "late", "early", "off")


def work(*, by: Actor) -> None:
    """Duty of five weeks, shared codes, a campaign, its cost, two prints; once."""
    with scope_of(by):
        if RosterCode.objects.exists():
            return
        lin = Guide.objects.select_related("account").get(wecom_userid="linxiao")
        office = Account.objects.filter(is_superuser=True).order_by("pk")[0]
        outside = list(
            Guide.objects.working().filter(role="guide", store__code__in=("S001", "S003"))
        )
    _plan_duty(by=by)
    shared = _share(by=by)
    for guide in outside[::2]:
        make_channel_code(
            guide.pk, scene=Scene.EVENT, campaign=CAMPAIGN, cost_centre=_MARKETING, by=by
        )
    _come(by=by)
    _spend(office, by=by)
    _print(lin, office, shared, by=by)


# ---------------------------------------------------------------- duty


@action
def _plan_duty(*, by: Actor) -> None:
    """Three weeks behind, this one and the next; the one after is for whoever plans."""
    monday = monday_of(timezone.localdate()) - timedelta(weeks=3)
    hours = {place.code: place for place in names.PLACES}
    Shift.objects.bulk_create(
        shift
        for store in Store.objects.order_by("code")
        for row, guide in enumerate(people_of(store.pk))
        for number in range(35)
        if (
            shift := _shift(
                guide, hours[store.code], monday + timedelta(days=number), row + number, str(by)
            )
        )
    )


def _shift(guide: Guide, place: names.Place, day: date, turn: int, by: str) -> Shift | None:
    closes = place.sunday_closes if day.isoweekday() == 7 else place.closes
    times = duty_times(day, _TURN[turn * 2 % 7], time(place.opens), time(closes))
    if times is None:
        return None
    zone = ZoneInfo(guide.store.time_zone)
    begins_at, ends_at = (moment.replace(tzinfo=zone) for moment in times)
    return Shift(
        guide=guide, store=guide.store, begins_at=begins_at, ends_at=ends_at, planned_by=by
    )


# ---------------------------------------------------------------- shared codes


def _share(*, by: Actor) -> list[RosterCode]:
    with scope_of(by):
        stores = {store.code: store.pk for store in Store.objects.all()}
    made = []
    for code, scene, backups in _ROSTERS:
        roster = make_roster_code(
            kind=RosterKind.ROSTER,
            scene=scene,
            store_id=stores[code],
            cost_centre=_PAPER,
            by=by,
        )
        _stand_behind(roster, backups, by=by)
        made.append(roster)
    made.append(
        make_roster_code(
            kind=RosterKind.NEAREST,
            scene=Scene.EVENT,
            campaign=CAMPAIGN,
            cost_centre=_MARKETING,
            by=by,
        )
    )
    return made


@action
def _stand_behind(roster: RosterCode, backups: tuple[str, ...], *, by: Actor) -> None:
    """Backups, and the store's guides' own codes that this one leads to."""
    for rank, number in enumerate(backups, start=1):
        guide = Guide.objects.get(employee_no=number)
        RosterBackup.objects.create(roster=roster, guide=guide, rank=rank)
    for guide in Guide.objects.working().filter(store=roster.store, role="guide"):
        code = ChannelCode.objects.create(
            roster=roster,
            guide=guide,
            store=guide.store,
            scene=roster.scene,
            cost_centre=roster.cost_centre,
        )
        ask_for_contact_way(code, guide)


# ---------------------------------------------------------------- who came by which


@action
def _come(*, by: Actor) -> None:
    """Each member's visit with the code by which she came, and some who only looked."""
    chance = random.Random(SEED + 5)  # noqa: S311 - invented data
    notices = {notice.entity_id: notice for notice in Notice.objects.order_by("version")}
    codes = _codes_of_guides()
    begun = timezone.now() - timedelta(days=_CAMPAIGN_DAYS)
    visits, states = [], {}
    members = Member.objects.exclude(owner=None).select_related("home_store").order_by("pk")
    for member in members:
        code = _code_for(member, codes, chance, begun)
        states[member.pk] = code.wecom_state
        visits.append(
            _visit(
                code,
                member.joined_at,
                state=RegistrationState.DONE,
                notice=notices[member.entity_id],
                member=member,
                outcome=Outcome.NEW,
            )
        )
    lookers = list(_lookers(visits, chance))
    Registration.objects.bulk_create([*visits, *lookers])
    RosterChoice.objects.bulk_create(_choices([*visits, *lookers]))
    friends = list(Friendship.objects.filter(contact__member__in=states).select_related("contact"))
    for friend in friends:
        friend.state = states[friend.contact.member_id or 0]
    Friendship.objects.bulk_update(friends, ["state"])


def _codes_of_guides() -> dict[int, list[ChannelCode]]:
    found: dict[int, list[ChannelCode]] = {}
    for code in ChannelCode.objects.filter(is_active=True).select_related("guide", "store"):
        found.setdefault(code.guide_id, []).append(code)
    return found


def _code_for(
    member: Member, codes: dict[int, list[ChannelCode]], chance: random.Random, begun: datetime
) -> ChannelCode:
    offered = codes[member.owner_id or 0]
    shared = [code for code in offered if code.roster_id]
    campaign = [code for code in offered if code.campaign]
    usual = [code for code in offered if not code.roster_id and not code.campaign]
    if campaign and member.joined_at >= begun and chance.random() < _OF_CAMPAIGN:
        return chance.choice(campaign)
    if shared and chance.random() < _BEHIND_SHARED:
        return chance.choice(shared)
    return chance.choice(usual)


def _visit(code: ChannelCode, at: datetime, **more: object) -> Registration:
    is_done = more.get("member") is not None
    return Registration(
        channel_code=code,
        guide=code.guide,
        store=code.store,
        opened_at=at - timedelta(minutes=2),
        agreed_at=at - timedelta(minutes=1) if is_done else None,
        finished_at=at if is_done else None,
        **more,
    )


def _lookers(visits: list[Registration], chance: random.Random) -> Iterator[Registration]:
    """Who looked and did not go on is known for thirty days, as a number."""
    since = timezone.now() - timedelta(days=_CAMPAIGN_DAYS - 1)
    for visit in visits:
        if visit.opened_at < since or chance.random() < 0.4:
            continue
        for _ in range(chance.randint(1, 3)):
            at = visit.opened_at + timedelta(minutes=chance.randint(5, 50))
            state = chance.choice((RegistrationState.OPENED, RegistrationState.DECLINED))
            yield _visit(visit.channel_code, min(at, timezone.now()), state=state)


def _choices(visits: list[Registration]) -> Iterator[RosterChoice]:
    since = timezone.now() - timedelta(days=21)
    for visit in visits:
        if visit.channel_code.roster_id and visit.opened_at >= since:
            yield RosterChoice(
                roster_id=visit.channel_code.roster_id,
                store=visit.store,
                guide=visit.guide,
                rule=ChosenBy.DUTY,
                on_duty=2,
                at=visit.opened_at,
            )


# ---------------------------------------------------------------- cost and paper


@action
def _spend(office: Account, *, by: Actor) -> None:
    today = timezone.localdate()
    rosters: QuerySet[RosterCode] = RosterCode.objects.filter(kind=RosterKind.ROSTER)
    spent = (
        {"campaign": CAMPAIGN, "amount": 1_860_000, "note": "电梯海报、传单和当天的茶点"},
        {"cost_centre": _PAPER, "amount": 96_000, "note": "试衣间和收银台的台卡"},
        {"roster": rosters.order_by("pk").first(), "amount": 42_000, "note": "门口立牌两块"},
    )
    ChannelCost.objects.bulk_create(
        ChannelCost(
            since=today - timedelta(days=_CAMPAIGN_DAYS - 1),
            until=today,
            entered_by=office,
            **one,
        )
        for one in spent
    )


def _print(lin: Guide, office: Account, shared: list[RosterCode], *, by: Actor) -> None:
    """Lin's table cards and head office's stands, drawn as the worker would."""
    with scope_of(by):
        own = list(
            ChannelCode.objects.filter(guide=lin, roster=None, is_active=True).values_list(
                "pk", flat=True
            )
        )
    assert lin.account is not None  # noqa: S101 - everybody the demo hires has one
    batches = order_prints(own, layout="a4_4", account_id=lin.account.pk, by=by)
    batches += order_prints(
        [], rosters=[code.pk for code in shared], layout="a5_1", account_id=office.pk, by=by
    )
    for batch in batches:
        draw_batch(batch.pk, by=by)
