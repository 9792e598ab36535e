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
from members.tags.steps import call_for_comparison
from wecom.directory.models import CorpTag, CorpTagGroup

_AT_ONCE = 5000


@action
def take_corp_tags(*, by: Actor) -> list[str]:
    """Let our tags be what the mirror of WeCom's corp tags says; the changes in words.

    A tag deleted at WeCom is retired and nobody holds it any more: it is off every pair there.
    """
    changed: list[str] = []
    groups = {row.wecom_group_id: row for row in TagGroup.objects.exclude(wecom_group_id=None)}
    tags = {row.wecom_tag_id: row for row in Tag.objects.exclude(wecom_tag_id=None)}
    for corp_group in CorpTagGroup.objects.all():
        changed += _take_group(corp_group, groups)
    for corp_tag in CorpTag.objects.select_related("group"):
        changed += _take_tag(corp_tag, groups[corp_tag.group.group_id], tags)
    return changed


def _take_group(corp: CorpTagGroup, groups: dict[str | None, TagGroup]) -> list[str]:
    group = groups.get(corp.group_id)
    is_gone = corp.gone_at is not None
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


def _take_tag(corp: CorpTag, group: TagGroup, tags: dict[str | None, Tag]) -> list[str]:
    tag = tags.get(corp.tag_id)
    is_gone = corp.gone_at is not None
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
    by: Actor,
) -> Tag:
    """HQ's tag, with what it is good for and perhaps a rule. Refuses one without a purpose, and a
    rule that audiences cannot read: TagUnfit.
    """
    if not reason.strip():
        raise TagUnfit("请写明这个标签的用途：会员能在自己的资料副本里看到。")
    if rule is not None:
        _must_be_fit(rule)
    group = TagGroup.objects.get(pk=group_id)
    tag = Tag(group=group) if key is None else Tag.objects.select_for_update().get(pk=key)
    if tag.wecom_tag_id is None and group.source == TagSource.WECOM:
        raise TagUnfit("企业微信的标签组里，标签请在企业微信管理后台新建，随后会同步过来。")
    if tag.wecom_tag_id is None:
        tag.group, tag.name, tag.position = group, name.strip(), position
    had_rule = tag.rule is not None
    tag.reason, tag.rule, tag.is_offered = reason.strip(), rule, is_offered
    tag.save()
    if had_rule and rule is None:
        take_off_by_rule(tag)
    return tag


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

    Refuses a corp tag, which is deleted inside WeCom: TagUnfit.
    """
    tag = Tag.objects.select_for_update().get(pk=key)
    if tag.wecom_tag_id:
        raise TagUnfit("企业标签请在企业微信管理后台删除；这里可以取消“导购可以打”。")
    if tag.retired_at is not None:
        return False
    _let_go(tag)
    return True


@action
def save_group(key: int | None, *, name: str, position: int, by: Actor) -> TagGroup:
    """A group of HQ's own tags."""
    group = TagGroup() if key is None else TagGroup.objects.select_for_update().get(pk=key)
    if group.wecom_group_id is not None:
        raise TagUnfit("企业微信的标签组请在企业微信管理后台修改，随后会同步过来。")
    twin = TagGroup.objects.filter(name=name, wecom_group_id=None, retired_at=None)
    if twin.exclude(pk=group.pk).exists():
        raise TagUnfit("已有同名的标签组。")
    group.name, group.position = name, position
    group.save()
    return group
