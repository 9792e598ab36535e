"""Two years of the demo brand's members and purchases. Deterministic for a given day.

Rows are built in memory and written in bulk; the credits come from the product's own judgement.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.utils import timezone

from config.demo import names
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
from stores.ledger.models import Ownership, PurchaseLine, ReceiptKey, Touch, TouchKey, TouchKind
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
    member: Member | None = None

    @property
    def external_userid(self) -> str:
        return f"wmDemo{self.number:026d}"

    @property
    def unionid(self) -> str:
        return f"oDemo{self.number:023d}"

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
            card_no=f"88{person.number:08d}",
            joined_at=person.joined_at,
        )
    Member.objects.bulk_create([p.member for p in everybody if p.member])
    _write_identities(everybody)
    _write_friends(everybody)
    _write_consents(everybody, by)
    _write_facts(everybody, by)


def _write_identities(everybody: list[Person]) -> None:
    rows = []
    for person in everybody:
        assert person.member is not None  # noqa: S101 - set by the only caller
        for kind, value in (
            (IdentityKind.PHONE, person.phone),
            (IdentityKind.UNIONID, person.unionid),
        ):
            rows.append(_identity(person, kind, value))
        if _is_friend(person):
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


def _is_friend(person: Person) -> bool:
    return (person.number * 37) % 100 < FRIENDS * 100


def _write_friends(everybody: list[Person]) -> None:
    friends = [person for person in everybody if _is_friend(person)]
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


def _write_facts(everybody: list[Person], by: Actor) -> None:
    """Ownership, touches and purchase lines, each with the key that keeps it from coming twice."""
    Ownership.objects.bulk_create(
        [
            Ownership(
                member_no=person.member.pk,
                guide_no=person.guide.pk,
                store_no=person.guide.store_id,
                since=person.joined_at,
                reason="registration",
                actor=str(by),
            )
            for person in everybody
            if person.member
        ]
    )
    touches = [touch for person in everybody for touch in _touches(person)]
    TouchKey.objects.bulk_create([TouchKey(once=once, at=touch.at) for once, touch in touches])
    Touch.objects.bulk_create([touch for _, touch in touches], batch_size=2000)
    lines = [line for person in everybody for line in _lines(person)]
    PurchaseLine.objects.bulk_create(lines, batch_size=2000)
    ReceiptKey.objects.bulk_create(
        [
            ReceiptKey(
                source=line.source,
                receipt_no=line.receipt_no,
                line=line.line,
                digest=sha256(f"{line.sku}|{line.quantity}|{line.amount}".encode()).digest(),
                purchase_line=line.pk,
                sold_at=line.sold_at,
            )
            for line in lines
        ],
        batch_size=2000,
    )


def _touches(person: Person) -> Iterator[tuple[str, Touch]]:
    kinds = [(TouchKind.SCAN, 0), (TouchKind.REGISTRATION, 2)]
    if _is_friend(person):
        kinds += [(TouchKind.FRIEND, 3), (TouchKind.WELCOME, 3)]
    if _is_friend(person) and person.number % 3 == 0:
        kinds.append((TouchKind.GROUP_JOIN, 9))
    moments = [(kind, person.joined_at + timedelta(minutes=later)) for kind, later in kinds]
    # A visit before each purchase is what makes it the guide's by the demo's rule.
    moments += [(TouchKind.VISIT, at - timedelta(minutes=20)) for at, _ in person.receipts]
    for index, (kind, at) in enumerate(moments):
        yield (
            f"demo:{person.number}:{index}",
            Touch(
                kind=kind,
                member_no=person.member.pk if person.member else None,
                guide_no=person.guide.pk,
                store_no=person.guide.store_id,
                source="demo",
                at=at,
                recorded_at=at,
            ),
        )


def _lines(person: Person) -> Iterator[PurchaseLine]:
    for index, (at, lines) in enumerate(person.receipts):
        for number, (sku, quantity, amount) in enumerate(lines, start=1):
            yield PurchaseLine(
                source="till",
                receipt_no=f"D{person.number:04d}{index:04d}",
                line=number,
                sku=sku,
                quantity=quantity,
                amount=amount,
                member_no=person.member.pk if person.member else None,
                store_no=person.guide.store_id,
                served_by_no=person.guide.pk,
                sold_at=at,
                recorded_at=at,
            )
