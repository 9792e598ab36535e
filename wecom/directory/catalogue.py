"""Laying WeCom's tags and contact-me codes over their mirrors, with the same rule of versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q

from kit.actions import action
from kit.actor import Actor
from wecom.directory.models import CorpContactWay, CorpTag, CorpTagGroup
from wecom.directory.portions import Found, TagsSeen, WaySeen
from wecom.directory.rules import is_plausible_loss
from wecom.gateway import Tag, TagGroup

LOST_AT_ONCE: Final = 1000


@action
def take_tags(seen: TagsSeen, *, asked_at: datetime, by: Actor) -> list[Found]:
    """Make tags equal to what WeCom told: all of them, or those that were asked about.

    What a full list leaves out is gone, as is what WeCom marks deleted or does not know. Where it
    leaves out too much at once nothing is gone; see `doubt_of`.
    """
    # One at a time: tags move between lists, and two halves of two answers would be neither.
    list(CorpTagGroup.objects.select_for_update().order_by("pk"))
    found: list[Found] = []
    groups, tags = [], []
    for card in seen.groups:
        group = _take_group(card, asked_at, found)
        groups.append(group.pk)
        tags += [_take_tag(tag, group, asked_at, found) for tag in card.tags if not tag.is_deleted]
    if seen.is_all:
        if not doubt_of(seen, asked_at=asked_at):
            _lose(CorpTag.objects.exclude(pk__in=tags), asked_at, found)
            _lose(CorpTagGroup.objects.exclude(pk__in=groups), asked_at, found)
    else:
        deleted = [tag.id for card in seen.groups for tag in card.tags if tag.is_deleted]
        deleted_groups = [card.id for card in seen.groups if card.is_deleted]
        of_gone = Q(group__group_id__in=[*deleted_groups, *seen.absent])
        gone = Q(tag_id__in=[*deleted, *seen.absent]) | of_gone
        _lose(CorpTag.objects.filter(gone), asked_at, found)
        ended = Q(group_id__in=[*deleted_groups, *seen.absent])
        _lose(CorpTagGroup.objects.filter(ended), asked_at, found)
    return found


def doubt_of(seen: TagsSeen, *, asked_at: datetime) -> str:
    """Why a full list is not believed in what it leaves out, or nothing.

    WeCom gives a list of nothing to an application that lost its right to tags.
    """
    told = [tag.id for card in seen.groups for tag in card.tags]
    known = CorpTag.objects.filter(gone_at=None, read_at__lte=asked_at)
    gone, count = known.exclude(tag_id__in=told).count(), known.count()
    is_believed = is_plausible_loss(gone, count) and bool(told or count <= 1)
    if not seen.is_all or is_believed:
        return ""
    return f"{gone} 个标签（共 {count} 个）同时看不到，未视为删除"


def _take_group(card: TagGroup, asked_at: datetime, found: list[Found]) -> CorpTagGroup:
    row = CorpTagGroup.objects.filter(group_id=card.id).first()
    if row is not None and row.read_at > asked_at:
        return row
    row = row or CorpTagGroup(group_id=card.id)
    is_new, before = row.pk is None, (row.name, row.position, row.gone_at)
    row.name, row.position, row.read_at = card.name[:60], card.order, asked_at
    if not card.is_deleted:
        row.gone_at = None
    row.save()
    if is_new or before != (row.name, row.position, row.gone_at):
        word = "新增标签组" if is_new else "标签组变更"
        found.append(Found(f"tag_group:{card.id}", word, row.name))
    return row


def _take_tag(card: Tag, group: CorpTagGroup, asked_at: datetime, found: list[Found]) -> int:
    row = CorpTag.objects.filter(tag_id=card.id).first()
    if row is not None and row.read_at > asked_at:
        return row.pk
    row = row or CorpTag(tag_id=card.id)
    is_new = row.pk is None
    before = None if is_new else (row.name, row.position, row.group_id, row.gone_at)
    row.name, row.position, row.group = card.name[:60], card.order, group
    row.read_at, row.gone_at = asked_at, None
    row.save()
    if before != (row.name, row.position, row.group_id, None):
        found.append(Found(f"tag:{card.id}", "新增标签" if is_new else "标签变更", row.name))
    return row.pk


def _lose(rows: object, asked_at: datetime, found: list[Found]) -> None:
    present = rows.filter(gone_at=None, read_at__lte=asked_at)  # type: ignore[attr-defined]
    for row in present:
        row.gone_at = row.read_at = asked_at
        row.save(update_fields=["gone_at", "read_at"])
        is_tag = isinstance(row, CorpTag)
        key = f"tag:{row.tag_id}" if is_tag else f"tag_group:{row.group_id}"
        found.append(Found(key, "标签已删除" if is_tag else "标签组已删除", row.name))


@action
def take_way_ids(config_ids: Sequence[str], *, asked_at: datetime, by: Actor) -> list[str]:
    """Note that these codes exist; those whose details were never read come back."""
    CorpContactWay.objects.bulk_create(
        [CorpContactWay(config_id=key, read_at=asked_at) for key in config_ids],
        ignore_conflicts=True,
    )
    held = CorpContactWay.objects.filter(config_id__in=config_ids)
    held.filter(read_at__lte=asked_at).update(read_at=asked_at, gone_at=None)
    return list(held.filter(detailed_at=None).order_by("pk").values_list("config_id", flat=True))


@action
def take_way(seen: WaySeen, *, asked_at: datetime, by: Actor) -> None:
    """Keep one code's details, or note that it is gone."""
    held = CorpContactWay.objects.filter(config_id=seen.config_id, read_at__lte=asked_at)
    if seen.card is None:
        held.filter(gone_at=None).update(gone_at=asked_at, read_at=asked_at)
        return
    held.update(
        state=seen.card.state[:64],
        remark=seen.card.remark[:60],
        userids=[userid.lower() for userid in seen.card.userids],
        detailed_at=asked_at,
        read_at=asked_at,
        gone_at=None,
    )


@action
def lose_ways(since: datetime, *, by: Actor) -> list[str]:
    """Codes that a sweep begun at `since` did not meet are gone; which ones."""
    gone = CorpContactWay.objects.filter(gone_at=None, read_at__lt=since)
    keys = list(gone.order_by("pk").values_list("config_id", flat=True)[:LOST_AT_ONCE])
    CorpContactWay.objects.filter(config_id__in=keys).update(gone_at=since)
    return keys
