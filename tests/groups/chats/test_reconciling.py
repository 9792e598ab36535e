"""Groups against WeCom's list, as the hourly sweep compares them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.chats.models import Group, GroupMember, GroupState
from groups.chats.reconciling import compare_groups
from stores.ledger.models import Touch, TouchKind
from tests.cast import Cast
from tests.groups.builders import World
from tests.groups.chats.test_reconcile import a_group, present
from wecom.directory.models import Difference, Sweep, SweepState
from wecom.directory.portions import GroupSeen, Portion
from wecom.directory.sweeping import sweep_through
from wecom.gateway import gateway_of


def words(sweep: Sweep) -> set[str]:
    found = Difference.objects.filter(sweep=sweep).exclude(repaired_at=None)
    return set(found.values_list("what", flat=True))


def test_everything_that_changed_unheard_is_found_and_written_once(
    world: World, cast: Cast
) -> None:
    chat_id = a_group(world, cast, "wmA", "wmB")
    zhou = str(cast.zhou.wecom_userid)
    world.control("acts/join_group", {"chat_id": chat_id, "customer": zhou, "join_scene": 1})
    other = a_group(world, cast, "wmC")
    assert words(sweep_through("groups")) == {"新的客户群"}
    world.control("acts/leave_group", {"chat_id": chat_id, "customer": "wmA"})
    world.control("acts/rename_group", {"chat_id": chat_id, "name": "新名字"})
    world.control("acts/change_owner", {"chat_id": chat_id, "owner": zhou})
    world.control("acts/dismiss_group", {"chat_id": other})
    sweep = sweep_through("groups")
    assert words(sweep) == {"群成员变更", "群名变更", "群主变更", "群已解散"}
    group = Group.objects.get(chat_id=chat_id)
    assert (group.name, group.owner, present(chat_id)) == ("新名字", cast.zhou, {"wmB"})
    assert Group.objects.get(chat_id=other).state == GroupState.DISMISSED
    assert Touch.objects.filter(kind=TouchKind.GROUP_LEAVE).count() == 1
    again = sweep_through("groups")
    assert (again.state, again.found) == (SweepState.DONE, 0)
    assert Touch.objects.filter(kind=TouchKind.GROUP_LEAVE).count() == 1


def test_a_group_whose_owner_is_out_of_sight_is_kept_and_named(world: World, cast: Cast) -> None:
    chat_id = a_group(world, cast, "wmA")
    sweep_through("groups")
    agent_id = world.ask("calls", limit=1)["calls"][0]["agent_id"]
    world.control("acts/create_department", {"id": 5, "name": "别处", "parentid": 1})
    world.control("acts/edit_member", {"userid": cast.zhou.wecom_userid, "department": [5]})
    world.control("acts/set_range", {"agent_id": agent_id, "departments": [5]})
    sweep = sweep_through("groups")
    assert Group.objects.get(chat_id=chat_id).state == GroupState.ACTIVE
    assert present(chat_id) == {"wmA"}
    left = Difference.objects.get(sweep=sweep, repaired_at=None)
    assert (left.subject, left.what) == (f"group:{chat_id}", "群主不在可见范围")


def test_a_group_of_somebody_who_is_no_guide_is_named_and_not_made(
    world: World, cast: Cast
) -> None:
    world.control("seed", {"members": [{"userid": "stranger", "name": "外", "department": [1]}]})
    world.control("acts/create_group", {"owner": "stranger", "name": "别处的群", "members": []})
    sweep = sweep_through("groups")
    assert not Group.objects.exists()
    assert Difference.objects.get(sweep=sweep).what == "群主不是导购"


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_answer_from_before_the_news_changes_nothing(
    world: World, cast: Cast, is_gone: bool
) -> None:
    chat_id = a_group(world, cast, "wmA", "wmB")
    asked_at = timezone.now()
    older = GroupSeen(chat_id, None if is_gone else gateway_of().group(chat_id))
    world.control("acts/leave_group", {"chat_id": chat_id, "customer": "wmA"})
    sweep_through("groups")
    portion = Portion("groups", chat_id, older, asked_at, since=asked_at - timedelta(seconds=1))
    assert compare_groups(portion).repaired == []
    assert present(chat_id) == {"wmB"}
    assert GroupMember.objects.filter(person_id="wmA").count() == 0
