"""The tags themselves: WeCom's corp tags become tags of ours, HQ's are saved and retired."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from members.tags.errors import TagUnfit
from members.tags.models import MemberTag, Tag, TagGroup, TagSource, TagTakenOff
from members.tags.queries import check_rule
from members.tags.rules import fault_of_rule
from members.tags.sharing import (
    awaited_group,
    awaited_tag,
    must_be_shareable,
    take_over_group,
    take_over_tag,
    wish_for_group,
    wish_for_tag,
)
from members.tags.steps import call_for_comparison
from wecom.directory.models import CorpTag, CorpTagGroup

_AT_ONCE = 5000


@action
def take_corp_tags(*, by: Actor) -> list[str]:
    """Let our tags be what the mirror of WeCom's corp tags says; the changes in words.

    A tag of WeCom's that is deleted there is retired and nobody holds it any more. One of ours that
    WeCom had as well stays here, where it came from.
    """
    changed: list[str] = []
    groups = {row.wecom_group_id: row for row in TagGroup.objects.exclude(wecom_group_id=None)}
    held = Tag.objects.exclude(wecom_tag_id=None).select_related("group")
    tags = {row.wecom_tag_id: row for row in held}
    for corp_group in CorpTagGroup.objects.all():
        changed += _take_group(corp_group, groups)
    for corp_tag in CorpTag.objects.select_related("group"):
        changed += _take_tag(corp_tag, groups[corp_tag.group.group_id], tags)
    return changed


def _take_group(corp: CorpTagGroup, groups: dict[str | None, TagGroup]) -> list[str]:
    group = groups.get(corp.group_id) or _group_lately(corp)
    is_gone = corp.gone_at is not None
    if group is not None and group.source != TagSource.WECOM:
        groups[corp.group_id] = group
        word = take_over_group(group, corp.name, is_gone=is_gone, read_at=corp.read_at)
        return [word] if word else []
    if group is None:
        groups[corp.group_id] = TagGroup.objects.create(
            name=corp.name,
            source=TagSource.WECOM,
            position=-corp.position,
            wecom_group_id=corp.group_id,
            retired_at=corp.gone_at,
        )
        return [] if is_gone else [f"新标签组“{corp.name}”"]
    if (group.name, group.position, group.retired_at is not None) == (
        corp.name,
        -corp.position,
        is_gone,
    ):
        return []
    group.name, group.position, group.retired_at = corp.name, -corp.position, corp.gone_at
    group.save(update_fields=["name", "position", "retired_at"])
    return [f"标签组“{corp.name}”有变化"]


def _group_lately(corp: CorpTagGroup) -> TagGroup | None:
    """Ours, that became a group of WeCom's since we looked, or is becoming one now."""
    found = TagGroup.objects.filter(wecom_group_id=corp.group_id).first()
    if found is not None or corp.gone_at is not None:
        return found
    group = awaited_group(corp.name)
    if group is not None:
        group.wecom_group_id, group.wecom_name = corp.group_id, corp.name
        group.save(update_fields=["wecom_group_id", "wecom_name"])
    return group


def _tag_lately(corp: CorpTag, group: TagGroup) -> Tag | None:
    found = Tag.objects.filter(wecom_tag_id=corp.tag_id).select_related("group").first()
    if found is not None or corp.gone_at is not None:
        return found
    tag = awaited_tag(group, corp.name)
    if tag is not None:
        tag.wecom_tag_id, tag.wecom_name = corp.tag_id, corp.name
        tag.save(update_fields=["wecom_tag_id", "wecom_name"])
    return tag


def _take_tag(corp: CorpTag, group: TagGroup, tags: dict[str | None, Tag]) -> list[str]:
    tag = tags.get(corp.tag_id) or _tag_lately(corp, group)
    is_gone = corp.gone_at is not None
    if tag is not None and tag.group.source != TagSource.WECOM:
        word = take_over_tag(tag, corp.name, is_gone=is_gone, read_at=corp.read_at)
        return [word] if word else []
    if tag is None:
        if is_gone or _has_namesake(group, corp.name):
            return []
        Tag.objects.create(
            group=group,
            name=corp.name,
            reason="企业微信里的企业标签",
            position=-corp.position,
            wecom_tag_id=corp.tag_id,
        )
        return [f"新标签“{corp.name}”"]
    held = (tag.name, tag.group_id, tag.position, tag.retired_at is not None)
    if held == (corp.name, group.pk, -corp.position, is_gone):
        return []
    if is_gone:
        _let_go(tag)
        return [f"标签“{corp.name}”在企业微信里删除了"]
    tag.name, tag.group, tag.position, tag.retired_at = corp.name, group, -corp.position, None
    tag.save(update_fields=["name", "group", "position", "retired_at"])
    return [f"标签“{corp.name}”有变化"]


def _has_namesake(group: TagGroup, name: str) -> bool:
    """WeCom refuses a name twice in a group; a stale mirror might still show one."""
    return Tag.objects.filter(group=group, name=name, retired_at=None).exists()


def _let_go(tag: Tag) -> None:
    tag.retired_at = timezone.now()
    tag.save(update_fields=["retired_at"])
    MemberTag.objects.filter(tag=tag).delete()
    TagTakenOff.objects.filter(tag=tag).delete()


@action
def save_tag(
    key: int | None,
    *,
    group_id: int,
    name: str,
    reason: str,
    rule: Any,
    is_offered: bool,
    position: int = 0,
    is_shared: bool = False,
    by: Actor,
) -> Tag:
    """HQ's tag, with what it is good for and perhaps a rule. Refuses one without a purpose, and a
    rule that audiences cannot read: TagUnfit. Shared, WeCom gets it as well, and its later names.
    """
    if not reason.strip():
        raise TagUnfit("请写明这个标签的用途：会员能在自己的资料副本里看到。")
    if rule is not None:
        _must_be_fit(rule)
    group = TagGroup.objects.get(pk=group_id)
    tag = _tag_to_save(key, group)
    if tag.group.source != TagSource.WECOM:
        _must_not_move(tag, group)
        tag.group, tag.name, tag.position = group, name.strip(), position
        if is_shared and tag.wecom_name != tag.name:
            must_be_shareable(group, tag.name)
        tag.is_shared = is_shared
        tag.share_fault = "" if is_shared else tag.share_fault
    had_rule = tag.rule is not None
    tag.reason, tag.rule, tag.is_offered = reason.strip(), rule, is_offered
    tag.save()
    wish_for_tag(tag)
    if had_rule and rule is None:
        take_off_by_rule(tag)
    return tag


def _tag_to_save(key: int | None, group: TagGroup) -> Tag:
    if key is None:
        if group.source == TagSource.WECOM:
            raise TagUnfit("企业微信的标签组里，标签请在企业微信管理后台新建，随后会同步过来。")
        return Tag(group=group)
    found = Tag.objects.select_for_update(of=("self",)).select_related("group")
    return found.get(pk=key)


def _must_not_move(tag: Tag, group: TagGroup) -> None:
    is_there = tag.wecom_tag_id is not None or bool(tag.wish)
    if group.source == TagSource.WECOM or (is_there and tag.group_id != group.pk):
        raise TagUnfit("企业微信不能移动标签：要换标签组，请先关掉“企业微信里也有”。")


def _must_be_fit(rule: Any) -> None:
    fault = fault_of_rule(rule)
    if not fault:
        try:
            check_rule(rule)
        except ValueError as error:
            fault = str(error)
    if fault:
        raise TagUnfit(fault)


def take_off_by_rule(tag: Tag) -> None:
    """Whom the rule alone had given the tag holds it no more. A step."""
    must_be_in_action()
    rows = MemberTag.objects.filter(tag=tag, source=TagSource.RULE)
    if tag.wecom_tag_id:
        members = list(rows.values_list("member_id", flat=True))
        rows.delete()
        for begin in range(0, len(members), _AT_ONCE):
            call_for_comparison(members[begin : begin + _AT_ONCE])
        return
    rows.delete()


@action
def retire_tag(key: int, *, by: Actor) -> bool:
    """Take a tag of ours out of use; nobody holds it any more. False when it was before.

    Refuses a tag of WeCom's, which is deleted inside WeCom: TagUnfit. What WeCom has of ours goes
    there, too.
    """
    tag = Tag.objects.select_for_update(of=("self",)).select_related("group").get(pk=key)
    if tag.group.source == TagSource.WECOM:
        raise TagUnfit("企业标签请在企业微信管理后台删除；这里可以取消“导购可以打”。")
    if tag.retired_at is not None:
        return False
    _let_go(tag)
    wish_for_tag(tag)
    return True


@action
def save_group(key: int | None, *, name: str, position: int, by: Actor) -> TagGroup:
    """A group of HQ's own tags."""
    group = TagGroup() if key is None else TagGroup.objects.select_for_update().get(pk=key)
    if group.source == TagSource.WECOM:
        raise TagUnfit("企业微信的标签组请在企业微信管理后台修改，随后会同步过来。")
    twin = TagGroup.objects.filter(name=name, retired_at=None).exclude(source=TagSource.WECOM)
    if group.wecom_group_id is not None and group.wecom_name != name:
        must_be_shareable(TagGroup(name=name), "")
    if twin.exclude(pk=group.pk).exists():
        raise TagUnfit("已有同名的标签组。")
    group.name, group.position = name, position
    group.save()
    wish_for_group(group)
    return group
