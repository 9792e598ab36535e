"""A guide taps a tag on or off; permission comes and goes; the saved rules are carried out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.fields import shown_id
from kit.live import announce
from members.consent.models import Channel, ConsentState, Purpose
from members.identity.models import Member, MemberState
from members.tags.errors import NotOffered
from members.tags.models import MemberTag, Tag, TagSource, TagTakenOff
from members.tags.queries import members_meant, standing_of_member, words_against
from members.tags.rules import Standing
from members.tags.steps import call_for_comparison, drop_all_tags, set_tags

RULES: Final = Actor.system("carries out the rules of tags")
# So many members are judged in one transaction: short enough to disturb nobody.
PORTION: Final = 200_000
_CALLS_AT_ONCE: Final = 5000


@action
def tap_tag(member_id: int, tag_public_id: uuid.UUID, *, on: bool, by: Actor) -> bool:
    """A guide puts a tag on her member, or takes it off; False when it was so before.

    Refuses a tag that is not offered, and members who did not agree to profiling.
    """
    member = Member.objects.select_for_update(of=("self",)).get(pk=member_id)
    tag = Tag.objects.select_related("group").filter(public_id=tag_public_id).first()
    is_held = tag is not None and MemberTag.objects.filter(member=member, tag=tag).exists()
    if tag is None or (on and not (tag.is_offered and tag.retired_at is None)):
        raise NotOffered
    if on == is_held and not _is_by_rule(member, tag):
        return False
    changed = set_tags(
        member,
        add=[tag] if on else [],
        remove=[] if on else [tag],
        source=TagSource.MANUAL,
    )
    if member.owner is not None:
        announce(
            f"guide.{shown_id(member.owner.public_id)}",
            kind="member",
            subject=shown_id(member.public_id),
        )
    return changed


def _is_by_rule(member: Member, tag: Tag) -> bool:
    return MemberTag.objects.filter(member=member, tag=tag, source=TagSource.RULE).exists()


@action
def allow_tags(member_id: int, *, by: Actor) -> None:
    """She agreed: what guides tagged at WeCom may be read; rules look at her in their next run."""
    member = Member.objects.select_for_update().filter(pk=member_id).first()
    if member is not None and standing_of_member(member, timezone.now()) is Standing.ALLOWED:
        call_for_comparison([member.pk], must_read=True)


@action
def forbid_tags(member_id: int, *, by: Actor) -> bool:
    """She withdrew or left: no tag stays. False when there was none.

    Whoever agreed again meanwhile keeps hers, and a frozen record stays as it is.
    """
    member = Member.objects.select_for_update().filter(pk=member_id).first()
    if member is None or standing_of_member(member, timezone.now()) is not Standing.FORBIDDEN:
        return False
    return drop_all_tags(member)


# ---------------------------------------------------------------- rules


def carry_out_rules(*, at: datetime | None = None) -> int:
    """Judge every member by the rule of every tag; how many changes. Repeats change nothing."""
    with scope_of(RULES):
        keys = list(
            Tag.objects.filter(rule__isnull=False, retired_at=None)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
    return sum(carry_out_rule(key, at=at) for key in keys) + drop_forbidden()


def carry_out_rule(key: int, *, at: datetime | None = None) -> int:
    """One tag's rule over everybody, a portion of members at a time; how many changes."""
    moment = at or timezone.now()
    changed = sum(
        carry_out_portion(key, low, high, at=moment, by=RULES) for low, high in _portions()
    )
    note_count(key, at=moment, by=RULES)
    return changed


def _portions() -> Iterator[tuple[int, int]]:
    with scope_of(RULES):
        ends = Member.objects.aggregate(low=Min("pk"), high=Max("pk"))
    low, high = ends["low"], ends["high"]
    while low is not None and low <= high:
        yield low, low + PORTION
        low += PORTION


@action
def carry_out_portion(key: int, low: int, high: int, *, at: datetime, by: Actor) -> int:
    """Put the tag on whom its rule means among members `low` to `high` (without), take it off
    whom it means no more; how many changes. What a person put on or took off stays as it is.
    """
    tag = Tag.objects.select_for_update().get(pk=key)
    if tag.rule is None or tag.retired_at is not None:
        return 0
    meant = members_meant(tag.rule, at).filter(pk__gte=low, pk__lt=high)
    off = _take_off(tag, meant, low, high)
    on = _put_on(tag, meant.exclude(pk__in=words_against(tag)), at)
    if tag.wecom_tag_id:
        for begin in range(0, len(on) + len(off), _CALLS_AT_ONCE):
            call_for_comparison([*on, *off][begin : begin + _CALLS_AT_ONCE])
    return len(on) + len(off)


def _take_off(tag: Tag, meant: QuerySet[Member], low: int, high: int) -> list[int]:
    over = MemberTag.objects.filter(
        tag=tag, source=TagSource.RULE, member__gte=low, member__lt=high
    ).exclude(member__in=meant.values("pk"))
    members = list(over.values_list("member_id", flat=True))
    MemberTag.objects.filter(tag=tag, source=TagSource.RULE, member__in=members).delete()
    return members


def _put_on(tag: Tag, meant: QuerySet[Member], at: datetime) -> list[int]:
    """One statement, whatever their number; who holds the tag already keeps it as it is."""
    wanted, values = meant.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_membertag (member_id, tag_id, source, by, since)"  # noqa: S608
            f" SELECT wanted.id, %s, %s, %s, %s FROM ({wanted}) wanted (id)"
            " ON CONFLICT (member_id, tag_id) DO NOTHING RETURNING member_id",
            [tag.pk, TagSource.RULE, str(RULES), at, *values],
        )
        return [key for (key,) in cursor.fetchall()]


@action
def note_count(key: int, *, at: datetime, by: Actor) -> None:
    """Keep how many the rule gave the tag to, and when."""
    counted = MemberTag.objects.filter(tag=key, source=TagSource.RULE).count()
    Tag.objects.filter(pk=key).update(counted=counted, evaluated_at=at)


def drop_forbidden(*, limit: int = 20_000) -> int:
    """Tags of members who do not allow them any more, whatever news of it was lost; how many
    members. None, on all days but bad ones.
    """
    said_no = ConsentState.objects.filter(
        member=OuterRef("pk"), purpose=Purpose.PROFILING, channel=Channel.ANY, is_granted=False
    )
    tags = MemberTag.objects.filter(member=OuterRef("pk"))
    words = TagTakenOff.objects.filter(member=OuterRef("pk"))
    with scope_of(RULES):
        late = list(
            Member.objects.filter(Exists(tags) | Exists(words))
            .filter(Q(state=MemberState.LEFT) | Exists(said_no))
            .values_list("pk", flat=True)[:limit]
        )
    return sum(forbid_tags(key, by=RULES) for key in late)
