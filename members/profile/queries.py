"""Everything known of a member: for her guide on one screen, for herself as a copy.

Call these inside the scope of somebody who looks at her (`identity.access.looking_at`): the
ledger's own row scope knows guides and stores, and her purchases may stand elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, Sum

from kit.money import CURRENCY
from members.consent.models import Channel, Purpose
from members.consent.queries import (
    Permission,
    current_notice,
    decisions_of,
    may,
    permissions_of,
)
from members.consent.rules import Verdict
from members.identity.models import Contact, Friendship, Identity, Member, MemberState
from members.identity.queries import called, marks_of
from members.identity.rules import face_of, masked_phone, tone_of
from members.lifecycle.models import MemberStage
from members.lifecycle.queries import stage_of
from members.profile.likes import Likes, Tags, likes_of, tags_for
from members.profile.rules import Facts, Step, next_steps
from members.rewards.models import Coupon, PointsAccount
from members.rewards.queries import coupons_to_use
from stores.ledger.models import PurchaseLine, Touch
from stores.ledger.queries import numbers_of
from stores.org.models import Store


@dataclass(frozen=True, slots=True)
class Receipt:
    """One purchase or refund, its lines added up."""

    receipt_no: str
    sold_at: datetime
    amount: int
    currency: str
    pieces: int
    store: str


@dataclass(frozen=True, slots=True)
class Profile:
    """Who she is, on one screen."""

    member: Member
    name: str
    face: str
    tone: str
    phone: str
    friendship: Friendship | None
    permissions: Sequence[Permission]
    one_to_one: Verdict
    receipts: Sequence[Receipt]
    spent: int
    bought_at: datetime | None
    coupons: Sequence[Coupon]
    identities: Sequence[str]
    points: int
    value: Value
    tags: Tags
    likes: Likes | None
    steps: Sequence[Step]
    # Measured only of members who permit profiling.
    stage: MemberStage | None


@dataclass(frozen=True, slots=True)
class Value:
    """What she is worth so far: everything, the last year, and how often she came for it."""

    total: int
    last_year: int
    visits: int
    bought_at: datetime | None


def profile_of(member: Member, *, at: datetime) -> Profile:
    """The profile that a guide sees; phone and identifiers are masked."""
    contact = Contact.objects.filter(member=member).order_by("pk").first()
    friendship = (
        Friendship.objects.filter(contact__member=member, until=None)
        .select_related("guide")
        .order_by("since")
        .first()
    )
    name = called(member, contact)
    numbers = numbers_of([member.pk]).get(member.pk, {member.pk})
    value = value_of(numbers, at)
    coupons, tags = list(coupons_to_use(member, at)), tags_for(member, at)
    one_to_one = may(
        member, Purpose.DIRECT_MARKETING, Channel.WECOM, at=at, entity=member.entity_id
    )
    return Profile(
        member=member,
        name=name,
        face=face_of(name),
        tone=tone_of(member.pk),
        phone=masked_phone(member.phone),
        friendship=friendship,
        permissions=permissions_of(member, current_notice(member.entity_id)),
        one_to_one=one_to_one,
        receipts=receipts_of(numbers),
        spent=value.total,
        bought_at=value.bought_at,
        coupons=coupons,
        identities=marks_of(member),
        points=PointsAccount.objects.filter(member=member).values_list("balance", flat=True).first()
        or 0,
        value=value,
        tags=tags,
        likes=likes_of(member, numbers, at) if tags.is_allowed else None,
        stage=stage_of(member) if tags.is_allowed else None,
        steps=next_steps(_facts_for_steps(member, friendship, one_to_one, value, coupons), at),
    )


def _facts_for_steps(
    member: Member,
    friendship: Friendship | None,
    one_to_one: Verdict,
    value: Value,
    coupons: Sequence[Coupon],
) -> Facts:
    return Facts(
        is_friend=friendship is not None,
        may_write=one_to_one.allowed,
        why_not=one_to_one.text,
        has_left=member.state == MemberState.LEFT,
        bought_at=value.bought_at,
        joined_at=member.joined_at,
        coupon=coupons[0].kind.name if coupons else "",
        coupon_until=coupons[0].expires_at if coupons else None,
    )


def value_of(numbers: Collection[int], at: datetime) -> Value:
    """What she bought, refunds taken off; one query."""
    a_year_ago = at - timedelta(days=365)
    found = PurchaseLine.objects.filter(member_no__in=numbers).aggregate(
        total=Sum("amount"),
        last_year=Sum("amount", filter=Q(sold_at__gt=a_year_ago)),
        visits=Count("receipt_no", filter=Q(amount__gt=0), distinct=True),
        last=Max("sold_at", filter=Q(amount__gt=0)),
    )
    return Value(
        total=found["total"] or 0,
        last_year=found["last_year"] or 0,
        visits=found["visits"],
        bought_at=found["last"],
    )


def receipts_of(numbers: Collection[int], *, most: int = 10) -> list[Receipt]:
    """Her newest purchases and refunds, one line for each receipt."""
    rows = list(
        PurchaseLine.objects.filter(member_no__in=numbers)
        .values("source", "receipt_no", "store_no", "currency")
        .annotate(total=Sum("amount"), pieces=Sum("quantity"), at=Max("sold_at"))
        .order_by("-at")[:most]
    )
    stores = dict(
        Store.objects.filter(pk__in={row["store_no"] for row in rows}).values_list("pk", "name")
    )
    return [
        Receipt(
            receipt_no=row["receipt_no"],
            sold_at=row["at"],
            amount=row["total"],
            currency=row["currency"] or CURRENCY,
            pieces=row["pieces"],
            store=stores.get(row["store_no"], ""),
        )
        for row in rows
    ]


def friendships_of(member: Member) -> list[Friendship]:
    """With which guides she is or was friends. Friendships are in the sight of guides and stores:
    for her own pages the door asks within her legal entity.
    """
    found = Friendship.objects.filter(contact__member=member).select_related("guide")
    return list(found.order_by("since"))


def copy_of(member: Member, friendships: Sequence[Friendship]) -> dict[str, Any]:
    """Everything kept of her, for herself, as plain data a program can read (PIPL 45)."""
    return {
        "member": {
            "name": member.name,
            "phone": member.phone,
            "card_no": member.card_no,
            "tier": member.tier,
            "state": member.state,
            "joined_at": member.joined_at,
            "store": member.home_store.name,
            "guide": None if member.owner is None else member.owner.name,
            "processor": member.entity.name,
        },
        "identities": [
            {"kind": row.kind, "value": row.value, "verified_at": row.verified_at}
            for row in Identity.objects.filter(member=member).order_by("pk")
        ],
        "wecom": [
            {"guide": row.guide.name, "since": row.since, "until": row.until} for row in friendships
        ],
        "decisions": [
            {
                "purpose": row.purpose,
                "channel": row.channel,
                "decision": row.decision,
                "notice": None if row.notice is None else row.notice.version,
                "at": row.at,
            }
            for row in decisions_of(member)
        ],
        **_what_happened(member),
    }


def _what_happened(member: Member) -> dict[str, Any]:
    """Her coupons, purchases and touches as plain data."""
    numbers = numbers_of([member.pk]).get(member.pk, {member.pk})
    lines = PurchaseLine.objects.filter(member_no__in=numbers).order_by("sold_at", "pk")
    touches = Touch.objects.filter(member_no__in=numbers).order_by("at", "pk")
    coupons = Coupon.objects.filter(member=member).select_related("kind").order_by("pk")
    return {
        "coupons": [
            {
                "name": row.kind.name,
                "number": row.number,
                "expires_at": row.expires_at,
                "used_at": row.used_at,
            }
            for row in coupons
        ],
        "purchases": list(
            lines.values("receipt_no", "line", "sku", "quantity", "amount", "currency", "sold_at")
        ),
        "touches": list(touches.values("kind", "at")),
    }
