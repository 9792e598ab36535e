"""Two years of the demo brand's members. Deterministic for a given day.

Rows are built in memory and written in bulk; the credits come from the product's own judgement.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from config.demo import deeds, names
from kit.actions import action
from kit.actor import Actor
from kit.fields import blind_index, new_public_id, shown_id
from members.consent.models import ConsentEvent, ConsentState, Decision, Notice, Purpose
from members.identity.models import (
    Contact,
    Friendship,
    Identity,
    IdentityKind,
    Member,
    MemberState,
    Tier,
)
from stores.figures.models_of_lift import Arm
from stores.org.models import Guide, Role

MEMBERS = 600
SEED = 20261121
DAYS = 730
# What share of members agreed to each purpose; membership itself is the condition of joining.
AGREED = (
    (Purpose.MEMBERSHIP, 1.0),
    (Purpose.DIRECT_MARKETING, 0.82),
    (Purpose.GROUP_MARKETING, 0.6),
    (Purpose.PROFILING, 0.55),
    (Purpose.LINK_TRACKING, 0.5),
    (Purpose.CHAT_ARCHIVE, 0.7),
    (Purpose.BIRTHDAY, 0.35),
)
FRIENDS = 0.62
# A play was tried so long ago on half of the regulars; so many of those asked came once more.
TRIED_DAYS_AGO = 35
_COME_WHEN_ASKED = 0.8
_THRESHOLDS = ((2_000_000, Tier.DIAMOND), (800_000, Tier.GOLD), (200_000, Tier.SILVER))


@dataclass(slots=True)
class Person:
    """One invented member and what she did."""

    number: int
    guide: Guide
    name: str
    phone: str
    joined_at: datetime
    receipts: list[tuple[datetime, list[tuple[str, int, int]]]]
    # The other guides of her store.
    others: list[Guide]
    member: Member | None = None

    @property
    def card_no(self) -> str:
        return f"88{self.number:08d}"

    @property
    def external_userid(self) -> str:
        return f"wmDemo{self.number:026d}"

    @property
    def is_friend(self) -> bool:
        return (self.number * 37) % 100 < FRIENDS * 100

    @property
    def unionid(self) -> str:
        return f"oDemo{self.number:023d}"

    def served_by(self, visit: int) -> Guide:
        """Who looked after her on that visit: of four one was another's, mostly the same one's."""
        turn = (self.number * 7 + visit * 3) % 8
        if turn > 1 or not self.others:
            return self.guide
        return self.others[0 if turn else self.number % len(self.others)]

    @property
    def spent(self) -> int:
        return sum(amount for _, lines in self.receipts for _, _, amount in lines)

    @property
    def tier(self) -> Tier:
        return next((tier for least, tier in _THRESHOLDS if self.spent >= least), Tier.BASIC)


def people(guides: list[Guide], now: datetime) -> list[Person]:
    """The same people for the same day, whoever asks."""
    chance = random.Random(SEED)  # noqa: S311 - invented data, not secrets
    found = []
    for number in range(1, MEMBERS + 1):
        guide = guides[number % len(guides)]
        # Joined in the shop's hours, more lately than long ago.
        age = int(DAYS * chance.random() ** 1.4)
        joined = (now - timedelta(days=age)).replace(
            hour=chance.randint(10, 21), minute=chance.randint(0, 59), second=0, microsecond=0
        )
        joined = min(joined, now - timedelta(hours=1))
        name = chance.choice(names.SURNAMES) + chance.choice(names.GIVEN)
        found.append(
            Person(
                number=number,
                guide=guide,
                name=name,
                phone=f"+86199{number:08d}",
                joined_at=joined,
                receipts=list(_receipts(chance, joined, now)),
                others=[one for one in guides if one.store_id == guide.store_id and one != guide],
            )
        )
    return found


def _receipts(
    chance: random.Random, since: datetime, now: datetime
) -> Iterator[tuple[datetime, list[tuple[str, int, int]]]]:
    """Visits about every forty days until she stays away; one in nine never buys."""
    if chance.random() < 1 / 9:
        return
    pace = chance.uniform(18, 90)
    # After each visit some do not come back, each with a chance of her own.
    leaving = chance.betavariate(0.8, 5)
    at = since + timedelta(minutes=30)
    while at < now:
        lines = []
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
            sku, _name, _category, price, _points = chance.choice(names.PRODUCTS)
            quantity = 1 if chance.random() < 0.93 else 2
            lines.append((sku, quantity, price * quantity))
        yield at, lines
        if chance.random() < leaving:
            return
        at = _shop_time(chance, at + timedelta(days=chance.expovariate(1 / pace) + 1))


def _shop_time(chance: random.Random, day: datetime) -> datetime:
    """A time of that day: four in five while the shop is open, the rest from home at night."""
    hour = chance.randint(10, 21) if chance.random() < 0.8 else chance.choice((7, 8, 22, 23))
    return day.replace(hour=hour, minute=chance.randint(0, 59), second=0, microsecond=0)


@action
def enrol_members(*, by: Actor) -> None:
    """Members with identities, owners, friends and consents. Repeating it changes nothing."""
    if Member.objects.exists():
        return
    guides = list(
        Guide.objects.filter(role=Role.GUIDE)
        .select_related("store__entity")
        .order_by("employee_no")
    )
    everybody = people(guides, timezone.localtime())
    for person in everybody:
        person.member = Member(
            entity=person.guide.store.entity,
            state=MemberState.ACTIVE,
            name=person.name,
            phone=person.phone,
            tier=person.tier,
            home_store=person.guide.store,
            owner=person.guide,
            card_no=person.card_no,
            joined_at=person.joined_at,
        )
    Member.objects.bulk_create([p.member for p in everybody if p.member])
    _write_identities(everybody)
    _write_friends(everybody)
    _write_consents(everybody, by)
    deeds.write_owners(everybody, by)
    deeds.write_deeds(everybody, until=trial_at())


@action
def go_on_living(*, by: Actor) -> None:
    """What members did since the trial of a play; those it was tried on come once more, most of
    them. Repeating it changes nothing.
    """
    asked = set(Arm.objects.filter(treated=True).values_list("member_no", flat=True))
    guides = list(
        Guide.objects.filter(role=Role.GUIDE)
        .select_related("store__entity")
        .order_by("employee_no")
    )
    members = {member.card_no: member for member in Member.objects.exclude(card_no=None)}
    everybody = people(guides, timezone.localtime())
    chance = random.Random(SEED + 7)  # noqa: S311 - invented data
    for person in everybody:
        person.member = members.get(person.card_no)
        comes, after, what = chance.random(), chance.randint(2, 12), chance.choice(names.PRODUCTS)
        if person.member is not None and person.member.pk in asked and comes < _COME_WHEN_ASKED:
            at = _shop_time(chance, trial_at() + timedelta(days=after))
            person.receipts.append((at, [(what[0], 1, what[3])]))
    deeds.write_deeds(everybody, since=trial_at())


def trial_at() -> datetime:
    """Noon of the day when a play began to be tried on half of the regulars."""
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    return noon - timedelta(days=TRIED_DAYS_AGO)


def _write_identities(everybody: list[Person]) -> None:
    rows = []
    for person in everybody:
        assert person.member is not None  # noqa: S101 - set by the only caller
        for kind, value in (
            (IdentityKind.PHONE, person.phone),
            (IdentityKind.UNIONID, person.unionid),
        ):
            rows.append(_identity(person, kind, value))
        if person.is_friend:
            rows.append(_identity(person, IdentityKind.EXTERNAL_USERID, person.external_userid))
    Identity.objects.bulk_create(rows)


def _identity(person: Person, kind: IdentityKind, value: str) -> Identity:
    entity = person.guide.store.entity
    return Identity(
        entity=entity,
        member=person.member,
        kind=kind,
        value=value,
        digest=blind_index(kind, value, within=shown_id(entity.public_id)),
        verified_at=person.joined_at,
        created_at=person.joined_at,
    )


def _write_friends(everybody: list[Person]) -> None:
    friends = [person for person in everybody if person.is_friend]
    contacts = Contact.objects.bulk_create(
        [
            Contact(
                entity=person.guide.store.entity,
                external_userid=person.external_userid,
                name=person.name,
                unionid_digest=blind_index(
                    IdentityKind.UNIONID,
                    person.unionid,
                    within=shown_id(person.guide.store.entity.public_id),
                ),
                member=person.member,
                joined_by="unionid",
                guide=person.guide,
            )
            for person in friends
        ]
    )
    Friendship.objects.bulk_create(
        [
            Friendship(
                contact=contact,
                guide=person.guide,
                since=person.joined_at + timedelta(minutes=3),
                add_way=1,
            )
            for person, contact in zip(friends, contacts, strict=True)
        ]
    )


def _write_consents(everybody: list[Person], by: Actor) -> None:
    """Log and projection, as the consent room writes them for one person."""
    notices = {notice.entity_id: notice for notice in Notice.objects.order_by("version")}
    chance = random.Random(SEED + 1)  # noqa: S311
    events, granted = [], []
    for person in everybody:
        for purpose, share in AGREED:
            agrees = chance.random() < share
            events.append(
                ConsentEvent(
                    public_id=new_public_id(),
                    member=person.member,
                    purpose=purpose,
                    decision=Decision.GRANT if agrees else Decision.REFUSE,
                    notice=notices[person.guide.store.entity_id],
                    method="landing",
                    guide=person.guide,
                    store=person.guide.store,
                    at=person.joined_at,
                    actor=str(by),
                )
            )
            granted.append(agrees)
    ConsentEvent.objects.bulk_create(events)
    ConsentState.objects.bulk_create(
        [
            ConsentState(
                member=event.member,
                purpose=event.purpose,
                is_granted=agrees,
                since=event.at,
                event=event,
            )
            for event, agrees in zip(events, granted, strict=True)
        ]
    )
