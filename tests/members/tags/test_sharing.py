"""Tags of ours that WeCom has as well: made there once, and no word about them goes in circles."""

from __future__ import annotations

from typing import Any

import pytest

from members.tags.actions import tap_tag
from members.tags.catalogue import retire_tag, save_group, save_tag, take_corp_tags
from members.tags.errors import TagUnfit
from members.tags.models import MemberTag, Tag, TagGroup, TagSource
from members.tags.settling import US
from tests.cast import Cast
from tests.members.builders import TESTER, grant, run_handlers
from tests.members.tags.builders import a_friend, a_tag, at_wecom, edit_at_wecom, here, run_house
from tests.sandbox import CHEN, Sandbox
from wecom.directory.models import CorpTag
from wecom.directory.sweeping import sweep_through
from wecom.gateway import gateway_of
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow

ADD, EDIT, DELETE = (f"externalcontact/{name}_corp_tag" for name in ("add", "edit", "del"))


def share(tag: Tag, *, on: bool = True, name: str = "", **fields: Any) -> Tag:
    """HQ's form, saved."""
    return save_tag(
        tag.pk,
        group_id=fields.get("group_id", tag.group_id),
        name=name or tag.name,
        reason=tag.reason,
        rule=tag.rule,
        is_offered=True,
        is_shared=on,
        by=TESTER,
    )


def there() -> dict[str, str]:
    """Every tag of WeCom's by id, with its name."""
    return {tag.id: tag.name for group in gateway_of().tag_groups() for tag in group.tags}


def calls(wecom: Sandbox) -> list[int]:
    return [len(wecom.calls(api)) for api in (ADD, EDIT, DELETE)]


@pytest.fixture
def tag(cast: Cast, wecom: Sandbox) -> Tag:
    """Chen, a friend of Lin's, likes cashmere; WeCom does not know it yet."""
    grant(cast.chen, "profiling")
    found = a_tag("喜欢羊绒")
    tap_tag(cast.chen.pk, found.public_id, on=True, by=TESTER)
    return found


def test_shared_it_is_made_once_and_marks_go_both_ways(
    cast: Cast, wecom: Sandbox, tag: Tag
) -> None:
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    for _ in range(2):
        share(tag)
    run_house()
    tag.refresh_from_db()
    assert there()[str(tag.wecom_tag_id)] == "喜欢羊绒"
    assert (tag.wish, tag.group.source) == ("", TagSource.MANUAL)
    assert at_wecom(pair) == {tag.wecom_tag_id}
    edit_at_wecom(wecom, pair, remove=[str(tag.wecom_tag_id)])
    run_house()
    assert here(cast.chen) == set()
    # Reading everything anew makes no second tag and asks WeCom for nothing.
    before, count = calls(wecom), Tag.objects.count()
    for _ in range(2):
        sweep_through("tags")
        run_house()
    assert calls(wecom) == before == [1, 0, 0]
    assert Tag.objects.filter(group=tag.group).count() == 1
    assert Tag.objects.count() == count + CorpTag.objects.count() - 1


def test_news_before_the_answer_make_no_second_tag(wecom: Sandbox, tag: Tag) -> None:
    share(tag)
    deliver(OutboxRow.objects.get(kind="corp_tag").pk)
    # WeCom tells of its new tag before our own answer is looked at.
    sweep_through("tags")
    run_handlers()
    run_house()
    tag.refresh_from_db()
    assert Tag.objects.filter(name="喜欢羊绒").count() == 1
    assert TagGroup.objects.filter(name=tag.group.name).count() == 1
    assert (tag.wish, there()[str(tag.wecom_tag_id)]) == ("", "喜欢羊绒")


def test_names_follow_from_both_sides_and_old_news_undo_nothing(wecom: Sandbox, tag: Tag) -> None:
    share(tag)
    run_house()
    sweep_through("tags")
    share(tag, name="只穿羊绒")
    # The mirror still says the old name, before the wish is done and after.
    take_corp_tags(by=US)
    run_house()
    take_corp_tags(by=US)
    tag.refresh_from_db()
    assert (tag.name, there()[str(tag.wecom_tag_id)]) == ("只穿羊绒", "只穿羊绒")
    gateway_of().rename_tag(str(tag.wecom_tag_id), "羊绒控")
    save_group(tag.group_id, name="穿衣风格", position=0, by=TESTER)
    run_house()
    sweep_through("tags")
    run_house()
    tag.refresh_from_db()
    assert tag.name == "羊绒控"
    assert "穿衣风格" in {group.name for group in gateway_of().tag_groups()}
    # Ours twice (tag, group), the one at WeCom's side once; nothing was carried back.
    assert calls(wecom) == [1, 3, 0]


def test_deleted_at_wecom_it_stays_here(cast: Cast, wecom: Sandbox, tag: Tag) -> None:
    share(tag)
    run_house()
    sweep_through("tags")
    gateway_of().delete_tags(tag_ids=[str(Tag.objects.get(pk=tag.pk).wecom_tag_id)])
    sweep_through("tags")
    run_house()
    tag.refresh_from_db()
    assert (tag.is_shared, tag.wecom_tag_id, tag.retired_at) == (False, None, None)
    assert "被删除" in tag.share_fault
    assert tag.group.wecom_group_id is None
    assert MemberTag.objects.filter(tag=tag, member=cast.chen).exists()
    # It can be shared anew, and is another tag there.
    share(tag)
    run_house()
    assert calls(wecom)[0] == 2


@pytest.mark.parametrize("ended", ["unshared", "retired"])
def test_deleted_here_it_goes_there_and_comes_not_back(
    wecom: Sandbox, tag: Tag, ended: str
) -> None:
    share(tag)
    run_house()
    sweep_through("tags")
    key = str(Tag.objects.get(pk=tag.pk).wecom_tag_id)
    if ended == "retired":
        retire_tag(tag.pk, by=TESTER)
    else:
        share(tag, on=False)
    run_house()
    assert key not in there()
    # The mirror may not have heard of it yet.
    take_corp_tags(by=US)
    sweep_through("tags")
    tag.refresh_from_db()
    assert (tag.wecom_tag_id, tag.wish) == (None, "")
    assert (tag.retired_at is not None) == (ended == "retired")
    assert not Tag.objects.filter(wecom_tag_id=key).exists()
    assert calls(wecom) == [1, 0, 1]


def test_unshared_before_wecom_answered_it_goes_again(wecom: Sandbox, tag: Tag) -> None:
    share(tag)
    share(tag, on=False)
    run_house()
    tag.refresh_from_db()
    assert (tag.wecom_tag_id, tag.wish, "喜欢羊绒" in there().values()) == (None, "", False)


def test_what_wecom_refuses_is_said(wecom: Sandbox, tag: Tag) -> None:
    wecom.fault(ADD, errcode=40126)
    share(tag)
    run_house()
    tag.refresh_from_db()
    assert (tag.is_shared, tag.wecom_tag_id) == (False, None)
    assert "3000" in tag.share_fault
    run_house()
    assert calls(wecom)[0] == 1


def test_what_cannot_be_there_is_refused(wecom: Sandbox, tag: Tag) -> None:
    sweep_through("tags")
    theirs = TagGroup.objects.get(source=TagSource.WECOM)
    TagGroup.objects.filter(pk=tag.group_id).update(name=theirs.name)
    with pytest.raises(TagUnfit, match="已有标签组"):
        share(tag)
    TagGroup.objects.filter(pk=tag.group_id).update(name="风格")
    with pytest.raises(TagUnfit, match="30"):
        share(tag, name="长" * 31)
    share(tag)
    other = TagGroup.objects.create(name="合身")
    with pytest.raises(TagUnfit, match="不能移动"):
        share(tag, group_id=other.pk)
