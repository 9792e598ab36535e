"""Which tags are offered, which a member holds, whether she may be tagged, whom a rule means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from members.consent.models import Purpose
from members.consent.queries import may, permitted
from members.identity.models import Member
from members.tags.models import MemberTag, Tag, TagSource, TagTakenOff
from members.tags.rules import Standing, standing_of
from stores.org.models import LegalEntity


@dataclass(frozen=True, slots=True)
class Chip:
    """One tag as the profile shows it."""

    tag: Tag
    held: MemberTag | None

    @property
    def is_by_rule(self) -> bool:
        return self.held is not None and self.held.source == TagSource.RULE


@dataclass(frozen=True, slots=True)
class ChipGroup:
    """The tags of one group, those she holds first."""

    name: str
    source: str
    chips: tuple[Chip, ...]


def standing_of_member(member: Member, at: datetime) -> Standing:
    """Whether she may be tagged: profiling is what she has to have agreed to."""
    verdict = may(member, Purpose.PROFILING, at=at, entity=member.entity_id)
    return standing_of(verdict.reason)


def tags_of(member: Member) -> QuerySet[MemberTag]:
    """What she holds now, in the order of the groups."""
    return (
        MemberTag.objects.filter(member=member, tag__retired_at=None)
        .select_related("tag__group")
        .order_by("tag__group__position", "tag__group_id", "tag__position", "tag_id")
    )


def offered_tags() -> QuerySet[Tag]:
    """What guides may put on."""
    return (
        Tag.objects.filter(is_offered=True, retired_at=None, group__retired_at=None)
        .select_related("group")
        .order_by("group__position", "group_id", "position", "pk")
    )


def chips_for(member: Member) -> list[ChipGroup]:
    """Everything that may be tapped on, and what she holds besides; two queries."""
    held = {row.tag_id: row for row in tags_of(member)}
    tags = {tag.pk: tag for tag in offered_tags()}
    for row in held.values():
        tags.setdefault(row.tag_id, row.tag)
    groups: dict[int, list[Chip]] = {}
    for tag in sorted(tags.values(), key=lambda tag: (tag.group.position, tag.group_id)):
        groups.setdefault(tag.group_id, []).append(Chip(tag, held.get(tag.pk)))
    return [
        ChipGroup(
            name=chips[0].tag.group.name,
            source=chips[0].tag.group.source,
            chips=tuple(sorted(chips, key=lambda chip: chip.held is None)),
        )
        for chips in groups.values()
    ]


# ---------------------------------------------------------------- rules


def check_rule(rule: Any) -> None:
    """Raises ValueError, in words for HQ, when audiences cannot read the rule."""
    check: Callable[[Any], None] = import_string(settings.AUDIENCE_RULES["check"])
    check(rule)


def members_of_rule(rule: Any, at: datetime) -> QuerySet[Member]:
    """Whom a rule means, as audiences read it."""
    read: Callable[[Any, datetime], QuerySet[Member]] = import_string(
        settings.AUDIENCE_RULES["members"]
    )
    return read(rule, at)


def members_meant(rule: Any, at: datetime) -> QuerySet[Member]:
    """Those of them who may be tagged."""
    agreed = Q(pk__in=[])
    for entity in LegalEntity.objects.all():
        of_entity = Member.objects.filter(entity=entity)
        agreed |= Q(pk__in=permitted(of_entity, Purpose.PROFILING, at=at, entity=entity))
    return members_of_rule(rule, at).filter(agreed)


def preview(rule: Any, at: datetime) -> tuple[int, int]:
    """How many the rule means, and how many of them may be tagged."""
    return members_of_rule(rule, at).count(), members_meant(rule, at).count()


def words_against(tag: Tag) -> QuerySet[TagTakenOff, int]:
    """Members from whom a person took the tag off."""
    return TagTakenOff.objects.filter(tag=tag).values_list("member_id", flat=True)
