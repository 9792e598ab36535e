"""Groups of a guide who leaves get another owner, as WeCom's own list says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.chats.actions import close_group, take_over_list
from groups.chats.handover import (
    ask_again_for_groups,
    leave_groups,
    look_at_groups,
    note_group_answer,
    plan_group_transfers,
    stop_group_transfers,
)
from groups.chats.inbound import group_batch_doubtful
from groups.chats.models import Group, GroupMember, GroupTransfer
from groups.chats.parts import groups
from groups.chats.rules import share_groups
from groups.pushes.models import PushTask, StopReason, TaskState
from kit.fields import shown_id
from stores.org.actions import record_moving
from stores.org.endings import end_what_is_done
from stores.org.handing_over import (
    Terms,
    arrange_hand_over,
    begin_hand_over,
    decide_hand_over,
    propose_hand_over,
)
from stores.org.models import Guide, HandOver, HandOverReason, HandOverState
from tests.cast import Cast
from tests.groups.builders import TESTER, World, a_material, a_push, an_event, run_house
from wecom.directory.sweeping import sweep_through
from wecom.gateway import GroupCard
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow


def arranged(
    guide: Guide, *successors: Guide, reason: HandOverReason = HandOverReason.LEFT
) -> HandOver:
    made = propose_hand_over(guide.pk, reason=reason, by=TESTER)
    return arrange_hand_over(
        made.pk, shares={one.pk: 1 for one in successors}, terms=Terms(), by=TESTER
    )


def begun(handover: HandOver) -> HandOver:
    decide_hand_over(handover.pk, version=handover.version, by=TESTER)
    begin_hand_over(handover.pk, has_resigned=False, by=TESTER)
    handover.refresh_from_db()
    return handover


def some_groups(owner: Guide, count: int) -> list[Group]:
    return Group.objects.bulk_create(
        [
            Group(
                chat_id=f"wr{number:030d}",
                name=f"会员群 {number}",
                owner=owner,
                store=owner.store,
                read_at=timezone.now(),
            )
            for number in range(count)
        ]
    )


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for row in GroupTransfer.objects.filter(is_settled=False):
        found[row.state] = found.get(row.state, 0) + 1
    return found


def test_wecoms_list_says_who_owns_it(cast: Cast, world: World) -> None:
    made = world.control("acts/create_group", {"owner": "linxiao", "name": "暖冬会员群"})
    [group] = some_groups(cast.lin, 1)
    Group.objects.filter(pk=group.pk).update(chat_id=made["chat_id"])
    handover = arranged(cast.lin, cast.zhou)
    assert decide_hand_over(handover.pk, version=handover.version, by=TESTER)
    run_house()
    assert states() == {"waiting": 1}
    assert look_at_groups(by=TESTER) == 1
    assert look_at_groups(by=TESTER) == 0
    run_house()
    group.refresh_from_db()
    assert (states(), group.owner) == ({"done": 1}, cast.zhou)
    end_what_is_done()
    handover.refresh_from_db()
    # Chen, who is no friend in WeCom, has changed her owner meanwhile.
    assert handover.state == HandOverState.ENDED


def test_a_dismissed_group_passes_on_to_nobody(cast: Cast) -> None:
    [group] = some_groups(cast.lin, 1)
    handover = begun(arranged(cast.lin, cast.zhou))
    plan_group_transfers(handover.pk, by=TESTER)
    assert close_group(group.chat_id, at=timezone.now(), by=TESTER)
    part = groups(TESTER, handover)
    assert (states(), part.under_way, part.undecided) == ({"kept": 1}, 0, 0)


def a_card(group: Group, owner: str) -> GroupCard:
    return GroupCard(
        chat_id=group.chat_id,
        name=group.name,
        owner_userid=owner,
        created_at=timezone.now(),
        member_version="v1",
        members=(),
    )


def asked_long_ago(hours: int = 1) -> None:
    """As if WeCom had been asked for it so long ago."""
    GroupTransfer.objects.update(due_at=timezone.now() - timedelta(hours=hours))


def test_a_group_that_a_third_one_has_is_waited_for_no_longer(cast: Cast) -> None:
    [group] = some_groups(cast.lin, 1)
    begun(arranged(cast.lin, cast.zhou))
    plan_group_transfers(HandOver.objects.get().pk, by=TESTER)
    note_group_answer(GroupTransfer.objects.get().batch, {}, by=TESTER)
    third = a_card(group, str(cast.ma.wecom_userid))
    # A list of the same minute may be older than the call.
    take_over_list(third, asked_at=timezone.now(), by=TESTER)
    assert states() == {"waiting": 1}
    asked_long_ago()
    take_over_list(third, asked_at=timezone.now(), by=TESTER)
    row = GroupTransfer.objects.get()
    assert (row.state, row.because) == ("kept", "群主换成了别人")
    end_what_is_done()


def test_nobody_waits_for_ever_for_another_owner(cast: Cast) -> None:
    some_groups(cast.lin, 2)
    begun(arranged(cast.lin, cast.zhou))
    plan_group_transfers(HandOver.objects.get().pk, by=TESTER)
    asked_long_ago(hours=25)
    look_at_groups(by=TESTER)
    # The call stands in the outbox: HQ may have paused it.
    assert states() == {"asked": 2}
    OutboxRow.objects.update(state="unknown")
    look_at_groups(by=TESTER)
    assert states() == {"failed": 2}
    assert GroupTransfer.objects.order_by("pk")[0].because == "一天后企业微信里仍是原群主"


def test_a_doubtful_call_has_the_lists_read(cast: Cast, world: World) -> None:
    made = world.control("acts/create_group", {"owner": "linxiao", "name": "暖冬会员群"})
    [group] = some_groups(cast.lin, 1)
    Group.objects.filter(pk=group.pk).update(chat_id=made["chat_id"])
    begun(arranged(cast.lin, cast.zhou))
    plan_group_transfers(HandOver.objects.get().pk, by=TESTER)
    row = OutboxRow.objects.get(kind="group_transfer")
    # WeCom took it, and its answer was lost for good.
    assert deliver(row.pk)
    OutboxRow.objects.filter(pk=row.pk).update(state="unknown")
    GroupTransfer.objects.update(state="asked")
    assert look_at_groups(by=TESTER) == 0
    group_batch_doubtful(an_event("outbox.unknown.group_transfer", "x", once=row.once))
    assert look_at_groups(by=TESTER) == 1
    run_house()
    assert states() == {"done": 1}


def test_her_groups_stay_with_the_store_that_she_leaves(cast: Cast, world: World) -> None:
    """However often WeCom's list is read before somebody decides."""
    made = world.control("acts/create_group", {"owner": "linxiao", "name": "暖冬会员群"})
    [group] = some_groups(cast.lin, 1)
    Group.objects.filter(pk=group.pk).update(chat_id=made["chat_id"])
    cast.lin.store = cast.wangjing
    record_moving(cast.lin, from_store=cast.guomao.pk, by=TESTER)
    sweep_through("groups")
    run_house()
    group.refresh_from_db()
    assert group.store == cast.guomao
    assert groups(TESTER, HandOver.objects.get()).total == 1


def test_three_hundred_a_day_a_hundred_a_call(cast: Cast) -> None:
    some_groups(cast.lin, 430)
    handover = begun(arranged(cast.lin, cast.zhou))
    assert plan_group_transfers(handover.pk, by=TESTER) == 430
    assert plan_group_transfers(handover.pk, by=TESTER) == 0
    rows = OutboxRow.objects.filter(kind="group_transfer").order_by("pk")
    days = [(row.due_at - rows[0].due_at).days for row in rows]
    assert [len(row.payload["chat_ids"]) for row in rows] == [100, 100, 100, 100, 30]
    assert days == [0, 0, 0, 1, 1]
    part = groups(TESTER, handover)
    assert (part.total, part.under_way) == (430, 430)


def test_the_preview_says_how_many_days(cast: Cast) -> None:
    some_groups(cast.lin, 301)
    part = groups(TESTER, arranged(cast.lin, cast.zhou))
    assert "每天最多转 300 个群，分 2 天转完" in part.notes[0]


def test_twice_within_ninety_days_stays(cast: Cast) -> None:
    [group, _] = some_groups(cast.lin, 2)
    old = arranged(cast.zhou, cast.lin)
    for days in (20, 80):
        GroupTransfer.objects.create(
            hand_over=old,
            store=cast.guomao,
            group=group,
            from_guide=cast.zhou,
            to_guide=cast.lin,
            state="done",
            is_settled=days == 80,
            ended_at=timezone.now() - timedelta(days=days),
        )
    handover = begun(arranged(cast.lin, cast.zhou))
    plan_group_transfers(handover.pk, by=TESTER)
    rows = {row.group_id: row for row in GroupTransfer.objects.filter(hand_over=handover)}
    assert rows[group.pk].state == "kept"
    assert sorted(row.state for row in rows.values()) == ["asked", "kept"]


def test_refused_groups_get_another_owner_or_stay(cast: Cast) -> None:
    first, second = some_groups(cast.lin, 2)
    handover = begun(arranged(cast.lin, cast.zhou))
    plan_group_transfers(handover.pk, by=TESTER)
    once = OutboxRow.objects.get(kind="group_transfer").once
    refused = {first.chat_id: 90501, second.chat_id: 40098}
    assert note_group_answer(once, refused, by=TESTER) == 2
    assert note_group_answer(once, refused, by=TESTER) == 0
    assert groups(TESTER, handover).undecided == 2
    row = GroupTransfer.objects.get(group=first)
    assert ask_again_for_groups(handover.pk, [row.pk], to_guide_id=cast.manager.pk, by=TESTER) == 1
    assert leave_groups(handover.pk, None, by=TESTER) == 1
    assert leave_groups(handover.pk, None, by=TESTER) == 0
    part = groups(TESTER, handover)
    assert (part.under_way, part.undecided) == (1, 0)


def test_stopping_takes_back_what_wecom_has_not_heard_of(cast: Cast) -> None:
    some_groups(cast.lin, 3)
    handover = begun(arranged(cast.lin, cast.zhou))
    plan_group_transfers(handover.pk, by=TESTER)
    assert stop_group_transfers(handover.pk, by=TESTER) == 3
    assert states() == {"kept": 3}


def test_who_sits_in_it_gets_it(cast: Cast) -> None:
    assert share_groups([1, 2, 3, 4], {7: 1, 8: 1}, {3: {7}, 4: {7}}) == {1: 8, 2: 8, 3: 7, 4: 7}
    group, *_ = some_groups(cast.lin, 1)
    GroupMember.objects.create(
        group=group, person_id="zhouning", is_staff=True, joined_at=timezone.now()
    )
    handover = begun(arranged(cast.lin, cast.manager, cast.zhou))
    plan_group_transfers(handover.pk, by=TESTER)
    assert GroupTransfer.objects.get().to_guide == cast.zhou


@pytest.mark.parametrize(("reason", "is_pulled_back"), [("left", True), ("leave", False)])
def test_what_waited_for_her_tap_is_pulled_back(
    cast: Cast, reason: str, is_pulled_back: bool
) -> None:
    material = a_material(cast.hq)
    variant: Any = material.variants.first()
    now = timezone.now()
    task = PushTask.objects.create(
        push=a_push(cast.hq, material),
        guide=cast.lin,
        variant=variant,
        members=[cast.chen.pk],
        recipients=["wmSomebody"],
        size=1,
        due_at=now,
        expires_at=now + timedelta(hours=8),
    )
    Guide.objects.filter(pk=cast.lin.pk).update(wecom_userid=None)
    handover = arranged(cast.lin, cast.zhou, reason=HandOverReason(reason))
    decide_hand_over(handover.pk, version=handover.version, by=TESTER)
    run_house()
    task.refresh_from_db()
    assert (task.stopping_for == StopReason.LEFT) is is_pulled_back
    assert (task.state == TaskState.CANCELLED) is is_pulled_back


def test_the_pages_of_groups(cast: Cast) -> None:
    group, *_ = some_groups(cast.lin, 1)
    handover = arranged(cast.lin, cast.zhou)
    client = Client()
    client.force_login(cast.manager.account, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("tablet-handover-groups", args=[shown_id(handover.public_id)])
    page = client.get(address).content.decode()
    assert str(group) in page
    assert "交给周宁" in page
    handover.refresh_from_db()
    begun(handover)
    plan_group_transfers(handover.pk, by=TESTER)
    GroupTransfer.objects.update(state="failed", because="不是客户群")
    assert "不是客户群" in client.get(address).content.decode()
    settle = reverse("tablet-handover-groups-settle", args=[shown_id(handover.public_id)])
    assert "1 个群留给原群主" in client.post(settle, {"act": "keep"}, follow=True).content.decode()
