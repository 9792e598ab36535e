"""Tags of ours that WeCom is to have as well: made there once, renamed, deleted, never in a circle.

One wish at a time for each tag or group. What WeCom showed before the last wish ended is older than
what we know, and changes nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from kit.fields import shown_id
from members.tags.errors import TagUnfit
from members.tags.models import MemberTag, Tag, TagGroup, TagSource
from members.tags.steps import call_for_comparison
from wecom.outbox.models import Kind
from wecom.outbox.steps import put

# Characters of a name at WeCom (document 92117).
LONGEST: Final = 30
_AT_ONCE: Final = 5000
_GONE: Final = "在企业微信里被删除了。要再同步，请重新打开。"


def must_be_shareable(group: TagGroup, name: str) -> None:
    """Refuses what WeCom would refuse, and what it has already in a group of its own: TagUnfit."""
    if len(name) > LONGEST or len(group.name) > LONGEST:
        raise TagUnfit(f"企业微信的标签和标签组名称最多 {LONGEST} 个字，请先改短。")
    theirs = TagGroup.objects.filter(source=TagSource.WECOM, name=group.name, retired_at=None)
    if theirs.exists():
        raise TagUnfit(f"企业微信里已有标签组“{group.name}”，请先给这里的标签组改名。")


def wish_for_tag(tag: Tag) -> None:
    """Wish for what makes WeCom's tag equal to ours, unless something is on its way. A step."""
    must_be_in_action()
    if tag.wish or tag.group.source == TagSource.WECOM:
        return
    is_wanted = tag.is_shared and tag.retired_at is None
    if is_wanted and tag.wecom_tag_id is None:
        _put(tag, Kind.CORP_TAG, {"group": _name_there(tag.group), "name": tag.name})
    elif is_wanted and tag.wecom_name != tag.name:
        _put(tag, Kind.CORP_TAG_CHANGE, {"id": tag.wecom_tag_id, "name": tag.name})
    elif not is_wanted and tag.wecom_tag_id is not None:
        _put(tag, Kind.CORP_TAG_DELETE, {"id": tag.wecom_tag_id})


def wish_for_group(group: TagGroup) -> None:
    """The same for a group's name; groups come and go at WeCom with their tags. A step."""
    must_be_in_action()
    is_ours = group.source != TagSource.WECOM and group.wecom_group_id is not None
    if is_ours and not group.wish and group.wecom_name != group.name:
        _put(group, Kind.CORP_TAG_CHANGE, {"id": group.wecom_group_id, "name": group.name})


def _name_there(group: TagGroup) -> str:
    """A group that WeCom knows by another name still, is named so."""
    return group.wecom_name if group.wecom_group_id is not None else group.name


def _put(one: Tag | TagGroup, kind: str, payload: Mapping[str, Any]) -> None:
    one.wishes += 1
    one.wish = f"{kind}:{shown_id(one.public_id)}:{one.wishes}"
    one.save(update_fields=["wish", "wishes"])
    put(kind, payload, once=one.wish, subject=f"tag:{shown_id(one.public_id)}")


# ---------------------------------------------------------------- how a wish ended


@action
def end_tag_wish(
    once: str, *, was_done: bool, answer: Mapping[str, Any], error: str = "", by: Actor
) -> bool:
    """Note what became of a wish about a tag or a group; False when it is not on its way.

    What was changed here meanwhile is wished for next. A refusal is shown to HQ and not repeated.
    """
    tag = Tag.objects.select_for_update(of=("self",)).select_related("group").filter(wish=once)
    found = tag.first()
    if found is not None:
        _end_of_tag(found, was_done=was_done, answer=answer, error=error)
        return True
    group = TagGroup.objects.select_for_update().filter(wish=once).first()
    if group is None:
        return False
    if was_done:
        group.wecom_name = str(answer.get("name") or group.wecom_name)
    group.wish, group.known_at = "", timezone.now()
    group.save(update_fields=["wish", "known_at", "wecom_name"])
    if was_done:
        wish_for_group(group)
    return True


def _end_of_tag(tag: Tag, *, was_done: bool, answer: Mapping[str, Any], error: str) -> None:
    kind = tag.wish.partition(":")[0]
    tag.wish, tag.known_at = "", timezone.now()
    tag.share_fault = "" if was_done else (error or "企业微信没有接受，请稍后再试。")[:200]
    if was_done and kind == Kind.CORP_TAG:
        # The news of it may have come before the answer.
        _stands(tag, str(answer.get("tag_id") or tag.wecom_tag_id), str(answer.get("name") or ""))
        _stands_group(tag.group, str(answer.get("group_id") or ""), str(answer.get("group") or ""))
    elif was_done and kind == Kind.CORP_TAG_CHANGE:
        tag.wecom_name = str(answer.get("name") or tag.wecom_name)
    elif was_done:
        _is_gone(tag)
    elif kind == Kind.CORP_TAG:
        tag.is_shared = False
    tag.save()
    if was_done:
        wish_for_tag(tag)


def _stands(tag: Tag, tag_id: str, name: str) -> None:
    tag.wecom_tag_id, tag.wecom_name = tag_id, name or tag.name
    members = list(MemberTag.objects.filter(tag=tag).values_list("member_id", flat=True))
    for begin in range(0, len(members), _AT_ONCE):
        call_for_comparison(members[begin : begin + _AT_ONCE])


def _stands_group(group: TagGroup, group_id: str, name: str) -> None:
    if group_id and group.wecom_group_id != group_id:
        group.wecom_group_id, group.wecom_name = group_id, name or group.name
        group.save(update_fields=["wecom_group_id", "wecom_name"])


def _is_gone(tag: Tag) -> None:
    """WeCom has it no more; a group there goes with its last tag."""
    tag.wecom_tag_id, tag.wecom_name = None, ""
    group = tag.group
    others = Tag.objects.filter(group=group).exclude(pk=tag.pk).exclude(wecom_tag_id=None)
    if group.wecom_group_id is not None and not others.exists():
        group.wecom_group_id, group.wecom_name = None, ""
        group.save(update_fields=["wecom_group_id", "wecom_name"])


# ---------------------------------------------------------------- what WeCom shows of ours


def awaited_group(name: str) -> TagGroup | None:
    """A group of ours whose first tag is on its way to WeCom, seen there before the answer came."""
    waiting = Tag.objects.exclude(wish="").filter(is_shared=True, wecom_tag_id=None)
    return (
        TagGroup.objects.filter(name=name, wecom_group_id=None, pk__in=waiting.values("group"))
        .exclude(source=TagSource.WECOM)
        .first()
    )


def awaited_tag(group: TagGroup, name: str) -> Tag | None:
    """The same for a tag."""
    found = Tag.objects.select_for_update(of=("self",)).exclude(wish="")
    return found.filter(group=group, name=name, is_shared=True, wecom_tag_id=None).first()


def take_over_group(group: TagGroup, name: str, *, is_gone: bool, read_at: datetime) -> str:
    """What WeCom says of a group of ours; a word when it changed something. A step."""
    if group.wish or (group.known_at is not None and read_at <= group.known_at):
        return ""
    if is_gone:
        return ""
    if group.wecom_name == name:
        return ""
    group.wecom_name = name
    if not _is_taken(name):
        group.name = name
    group.save(update_fields=["name", "wecom_name"])
    return f"标签组“{name}”在企业微信里改名了"


def _is_taken(name: str) -> bool:
    ours = TagGroup.objects.filter(name=name, retired_at=None)
    return ours.exclude(source=TagSource.WECOM).exists()


def take_over_tag(tag: Tag, name: str, *, is_gone: bool, read_at: datetime) -> str:
    """What WeCom says of a tag of ours: its name holds; deleted there, it stays here alone.

    While a wish is on its way, and of what was read before the last one ended, nothing is believed.
    """
    if tag.wish or (tag.known_at is not None and read_at <= tag.known_at):
        return ""
    if is_gone:
        _is_gone(tag)
        tag.is_shared, tag.share_fault = False, _GONE
        tag.save()
        return f"标签“{tag.name}”在企业微信里删除了，会员身上的还在"
    if tag.wecom_name == name:
        return ""
    tag.wecom_name = name
    if not Tag.objects.filter(group=tag.group, name=name, retired_at=None).exists():
        tag.name = name
    tag.save(update_fields=["name", "wecom_name"])
    return f"标签“{name}”在企业微信里改名了"
