"""Two recipients of one push turn out to be one person: she gets it once, by whichever number."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.pushes import submission, tasks
from groups.pushes.actions import launch_push, plan_push
from groups.pushes.inbound import may_still_send
from groups.pushes.models import Delivery, DeliveryState, PushTask, TaskState
from members.identity.models import Member, MergeReason
from members.identity.uniting import merge_members, undo_merge
from stores.org.models import Guide
from tests.cast import Cast
from tests.groups.builders import (
    TESTER,
    World,
    a_material,
    a_push,
    a_reachable_member,
    run_house,
)
from wecom.outbox.models import Kind, OutboxRow


@pytest.fixture
def two(world: World, cast: Cast) -> tuple[Member, Member]:
    """Lin's friend and Zhou's friend, each in a task of the same push."""
    kept = a_reachable_member(world, cast.lin, "甲")
    gone = a_reachable_member(world, cast.zhou, "乙")
    push = a_push(cast.hq, a_material(cast.hq))
    plan_push(push.pk, by=TESTER)
    launch_push(push.pk, by=TESTER)
    assert PushTask.objects.count() == 2
    return kept, gone


def become_one(two: tuple[Member, Member]) -> int:
    kept, gone = two
    merge = merge_members(kept.pk, gone.pk, reason=MergeReason.CONFIRMED, by=TESTER)
    assert merge is not None
    assert merge.kept == kept
    return merge.pk


def task_of(guide: Guide) -> PushTask:
    return PushTask.objects.get(guide=guide, made_again=None)


def submit() -> None:
    tasks.submit_push_tasks()
    run_house()


def reached(world: World) -> int:
    """How many addresses got it, as far as WeCom says."""
    PushTask.objects.filter(next_look_at__isnull=False).update(next_look_at=timezone.now())
    tasks.look_at_results()
    return Delivery.objects.filter(state=DeliveryState.SENT).count()


def confirm_all(world: World, *guides: Guide) -> None:
    for guide in guides:
        for waiting in world.waiting(guide):
            world.confirm(guide, waiting["msgid"])


def test_what_waits_for_the_gone_one_is_withdrawn(
    world: World, cast: Cast, two: tuple[Member, Member]
) -> None:
    merge = become_one(two)
    run_house()
    assert task_of(cast.zhou).state == TaskState.CANCELLED
    assert task_of(cast.lin).members == [two[0].pk]
    submit()
    confirm_all(world, cast.lin, cast.zhou)
    assert reached(world) == 1
    # Parted again, nothing is sent after: she was told, or somebody like her.
    undo_merge(merge, by=TESTER)
    submit()
    assert world.waiting(cast.zhou) == []


def test_what_stands_in_wecom_for_the_gone_one_is_pulled_back(
    world: World, cast: Cast, two: tuple[Member, Member]
) -> None:
    submit()
    become_one(two)
    run_house()
    assert world.waiting(cast.zhou) == []
    assert task_of(cast.zhou).state == TaskState.CANCELLED
    confirm_all(world, cast.lin)
    assert reached(world) == 1


def test_who_has_it_by_the_other_number_is_not_asked_again(
    world: World, cast: Cast, two: tuple[Member, Member]
) -> None:
    later = timezone.now() + timedelta(hours=1)
    PushTask.objects.filter(guide=cast.lin).update(due_at=later)
    submit()
    confirm_all(world, cast.zhou)
    assert reached(world) == 1
    become_one(two)
    run_house()
    task = task_of(cast.lin)
    assert (task.state, task.members) == (TaskState.CANCELLED, [])
    assert reached(world) == 1


def test_a_guide_who_was_quicker_than_the_merge_spares_her_the_second(
    world: World, cast: Cast, two: tuple[Member, Member]
) -> None:
    submit()
    confirm_all(world, cast.zhou)
    # Nobody here knows yet that Zhou confirmed.
    assert task_of(cast.zhou).state == TaskState.OPEN
    become_one(two)
    run_house()
    assert task_of(cast.zhou).state == TaskState.CONFIRMED
    assert world.waiting(cast.lin) == []
    assert task_of(cast.lin).state == TaskState.CANCELLED
    assert reached(world) == 1


def test_nothing_leaves_between_the_merge_and_its_news(
    world: World, cast: Cast, two: tuple[Member, Member]
) -> None:
    submission.submit_waiting(media={}, by=TESTER)
    become_one(two)
    held = {
        row.payload["sender"]: may_still_send(row)
        for row in OutboxRow.objects.filter(kind=Kind.MASS_SEND)
    }
    assert held == {cast.lin.wecom_userid: "", cast.zhou.wecom_userid: "1 位会员不再允许"}
    run_house()
    submit()
    confirm_all(world, cast.lin, cast.zhou)
    assert reached(world) == 1


def test_who_alone_was_to_get_it_gets_it_by_the_number_that_stays(
    world: World, cast: Cast, two: tuple[Member, Member]
) -> None:
    early = a_reachable_member(None, cast.lin, "丙")
    Member.objects.filter(pk=early.pk).update(joined_at=timezone.now() - timedelta(days=900))
    become_one((early, two[1]))
    run_house()
    assert task_of(cast.zhou).members == [early.pk]
    submit()
    confirm_all(world, cast.lin, cast.zhou)
    assert reached(world) == 2
