"""A task from launch to results against the sandbox, and permissions taken back on the way."""

from __future__ import annotations

import io
import tempfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from groups.pushes import submission, tasks, withdrawal
from groups.pushes.actions import launch_push, plan_push, stop_push
from groups.pushes.inbound import may_still_send
from groups.pushes.models import (
    Delivery,
    DeliveryState,
    Push,
    PushState,
    PushTask,
    StopReason,
    TaskState,
)
from kit.fields import shown_id
from members.consent.actions import decide
from members.consent.models import Purpose
from members.identity.models import Member
from stores.ledger.models import Touch, TouchKind
from tests.cast import Cast
from tests.groups.builders import (
    TESTER,
    World,
    a_material,
    a_push,
    a_reachable_member,
    run_house,
)
from wecom.directory.sweeping import sweep_through
from wecom.outbox.delivery import deliver
from wecom.outbox.models import Kind, OutboxRow, OutboxState


def launched(cast: Cast, **fields: Any) -> Push:
    push = a_push(cast.hq, a_material(cast.hq, fields.pop("texts", None)), **fields)
    plan_push(push.pk, by=TESTER)
    return launch_push(push.pk, by=TESTER)


def withdraw(member: Member) -> None:
    decide(member.pk, {Purpose.DIRECT_MARKETING: False}, by=TESTER)


def look() -> None:
    """The next look for results is now."""
    PushTask.objects.filter(next_look_at__isnull=False).update(next_look_at=timezone.now())
    tasks.look_at_results()


def three(world: World, cast: Cast) -> list[Member]:
    return [a_reachable_member(world, cast.lin, name) for name in ("甲", "乙", "丙")]


def test_the_way_from_launch_to_delivered(world: World, cast: Cast) -> None:
    members = three(world, cast)
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    task = PushTask.objects.get()
    assert task.state == TaskState.OPEN
    [waiting] = world.waiting(cast.lin)
    assert (waiting["msgid"], waiting["targets"]) == (task.msgid, 3)

    look()
    assert PushTask.objects.get().state == TaskState.OPEN
    assert not Delivery.objects.exists()

    world.confirm(cast.lin, task.msgid)
    look()
    task.refresh_from_db()
    assert (task.state, task.next_look_at) == (TaskState.CONFIRMED, None)
    assert set(Delivery.objects.values_list("member_no", "state")) == {
        (member.pk, "sent") for member in members
    }
    look()
    tasks.submit_push_tasks()
    run_house()
    touches = Touch.objects.filter(kind=TouchKind.PUSH)
    assert touches.count() == 3
    assert {touch.guide_no for touch in touches} == {cast.lin.pk}
    assert OutboxRow.objects.filter(kind=Kind.MASS_SEND).count() == 1

    tasks.end_what_is_over()
    assert Push.objects.get().state == PushState.CLOSED


def test_wecom_is_still_dispatching_at_the_first_look(world: World, cast: Cast) -> None:
    three(world, cast)
    world.control("switches", {"dispatch_delay_s": 3600})
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    look()
    task = PushTask.objects.get()
    assert (task.state, task.looks) == (TaskState.OPEN, 1)
    assert task.next_look_at is not None


def test_who_deleted_the_guide_and_who_had_too_many_are_told_apart(
    world: World, cast: Cast
) -> None:
    a, b, c = three(world, cast)
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    task = PushTask.objects.get()
    world.control(
        "acts/delete_guide", {"customer": task.recipients[0], "userid": cast.lin.wecom_userid}
    )
    world.confirm(cast.lin, task.msgid)
    look()
    states = dict(Delivery.objects.values_list("member_no", "state"))
    assert states == {a.pk: "not_friend", b.pk: "sent", c.pk: "sent"}
    assert Touch.objects.filter(kind=TouchKind.PUSH).count() == 2


def test_a_withdrawal_before_submitting_takes_her_out_quietly(world: World, cast: Cast) -> None:
    a, b, c = three(world, cast)
    launched(cast)
    withdraw(b)
    run_house()
    task = PushTask.objects.get()
    assert (task.state, task.members) == (TaskState.WAITING, [a.pk, c.pk])
    tasks.submit_push_tasks()
    run_house()
    [waiting] = world.waiting(cast.lin)
    assert waiting["targets"] == 2
    assert Delivery.objects.get().state == DeliveryState.CANCELLED


def test_a_withdrawal_between_outbox_and_sending_is_vetoed(world: World, cast: Cast) -> None:
    a, b, c = three(world, cast)
    launched(cast)
    tasks.submit_push_tasks()
    row = OutboxRow.objects.get(kind=Kind.MASS_SEND)
    assert may_still_send(row) == ""
    withdraw(b)
    # The courier comes before anybody has reacted to the withdrawal.
    assert "1 位" in may_still_send(row)
    deliver(row.pk)
    row.refresh_from_db()
    assert row.state == OutboxState.VETOED
    run_house()
    tasks.submit_push_tasks()
    run_house()
    old, new = PushTask.objects.order_by("pk")
    assert (old.state, new.state) == (TaskState.CANCELLED, TaskState.OPEN)
    assert (new.made_again_from, new.members) == (old, [a.pk, c.pk])
    assert len(world.waiting(cast.lin)) == 1


def test_a_withdrawal_after_submitting_cancels_and_makes_again_once(
    world: World, cast: Cast
) -> None:
    a, b, c = three(world, cast)
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    first = PushTask.objects.get()
    withdraw(b)
    for _ in range(3):
        run_house()
        withdrawal.take_member_out(b.pk, by=TESTER)
        tasks.submit_push_tasks()
    run_house()
    old, new = PushTask.objects.order_by("pk")
    assert (old.pk, old.state, old.stopping_for) == (
        first.pk, TaskState.CANCELLED, StopReason.WITHDRAWN,
    )  # fmt: skip
    assert (new.state, new.members) == (TaskState.OPEN, [a.pk, c.pk])
    [waiting] = world.waiting(cast.lin)
    assert waiting["msgid"] == new.msgid
    world.confirm(cast.lin, new.msgid)
    look()
    assert dict(Delivery.objects.values_list("member_no", "state")) == {
        a.pk: "sent", b.pk: "cancelled", c.pk: "sent",
    }  # fmt: skip
    assert OutboxRow.objects.filter(kind=Kind.MASS_SEND).count() == 2


@pytest.mark.parametrize("afterwards", ["answer", "41093"])
def test_who_was_quicker_than_the_withdrawal_is_not_written_to_twice(
    world: World, cast: Cast, afterwards: str
) -> None:
    _, b, _ = three(world, cast)
    world.control("switches", {"records_of_cancelled": afterwards})
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    task = PushTask.objects.get()
    world.confirm(cast.lin, task.msgid)
    withdraw(b)
    run_house()
    tasks.submit_push_tasks()
    run_house()
    task = PushTask.objects.get()
    assert task.state == TaskState.CONFIRMED
    assert Delivery.objects.filter(state="sent").count() == 3


def test_she_confirms_while_the_cancelling_is_under_way(world: World, cast: Cast) -> None:
    _, b, _ = three(world, cast)
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    task = PushTask.objects.get()
    withdrawal.take_member_out(b.pk, by=TESTER)
    withdraw(b)
    withdrawal.take_member_out(b.pk, by=TESTER)
    # The wish to cancel stands in the outbox; she taps first.
    world.confirm(cast.lin, task.msgid)
    run_house()
    tasks.submit_push_tasks()
    run_house()
    assert PushTask.objects.get().state == TaskState.CONFIRMED
    assert Delivery.objects.filter(state="sent").count() == 3


def test_two_withdrawals_at_once_make_one_new_task(world: World, cast: Cast) -> None:
    a, b, c = three(world, cast)
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    withdraw(b)
    withdraw(c)
    run_house()
    tasks.submit_push_tasks()
    run_house()
    live = PushTask.objects.exclude(state=TaskState.CANCELLED)
    assert [task.members for task in live] == [[a.pk]]
    assert len(world.waiting(cast.lin)) == 1


def test_quiet_hours_pull_back_and_ask_again_the_next_morning(
    world: World, cast: Cast, settings: Any
) -> None:
    three(world, cast)
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    here = timezone.localtime()
    begins, ends = here - timedelta(minutes=1), here + timedelta(hours=2)
    settings.QUIET_HOURS = f"{begins:%H:%M}-{ends:%H:%M}"
    PushTask.objects.update(expires_at=timezone.now())
    tasks.end_what_is_over()
    run_house()
    old, new = PushTask.objects.order_by("pk")
    assert (old.state, new.state) == (TaskState.CANCELLED, TaskState.WAITING)
    assert new.due_at > timezone.now() + timedelta(minutes=100)
    assert world.waiting(cast.lin) == []
    # Nobody submits it before its hour.
    tasks.submit_push_tasks()
    assert PushTask.objects.get(pk=new.pk).state == TaskState.WAITING


def test_hq_stops_a_push_and_nothing_comes_back(world: World, cast: Cast) -> None:
    three(world, cast)
    push = launched(cast)
    tasks.submit_push_tasks()
    run_house()
    assert stop_push(push.pk, by=TESTER) == 1
    run_house()
    tasks.submit_push_tasks()
    assert PushTask.objects.get().state == TaskState.CANCELLED
    assert world.waiting(cast.lin) == []
    assert Push.objects.get().state == PushState.CANCELLED


def test_nobody_reachable_is_said_on_the_task(world: World, cast: Cast) -> None:
    # Our tables say friend, WeCom knows nothing of her.
    a_reachable_member(None, cast.lin, "空")
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    task = PushTask.objects.get()
    assert task.state == TaskState.FAILED
    assert task.error


def test_the_same_news_twice_changes_nothing(world: World, cast: Cast) -> None:
    three(world, cast)
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    task = PushTask.objects.get()
    assert not submission.open_task(
        f"push:{shown_id(task.public_id)}", msgid="another", unreachable=(), by=TESTER
    )
    assert PushTask.objects.get().msgid == task.msgid


def test_her_withdrawal_does_not_wait_for_wecom(world: World, cast: Cast) -> None:
    a, b, c = three(world, cast)
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    fault = world.control(
        "faults", {"path": "externalcontact/get_groupmsg_task", "errcode": 60020, "times": 1}
    )
    assert fault["id"]
    withdraw(b)
    run_house()
    tasks.submit_push_tasks()
    run_house()
    old, new = PushTask.objects.order_by("pk")
    assert (old.state, new.members) == (TaskState.CANCELLED, [a.pk, c.pk])


def test_a_push_to_groups_asks_each_owner_once(world: World, cast: Cast) -> None:
    for owner, name in ((cast.lin, "甲群"), (cast.lin, "乙群"), (cast.zhou, "丙群")):
        world.control("acts/create_group", {"owner": owner.wecom_userid, "name": name})
    sweep_through("groups")
    run_house()
    push = a_push(cast.hq, a_material(cast.hq), chat_type="group", audience=None)
    plan_push(push.pk, by=TESTER)
    push.refresh_from_db()
    assert (push.plan["recipients"], push.plan["confirmations"]) == (3, 2)
    launch_push(push.pk, by=TESTER)
    tasks.submit_push_tasks()
    run_house()
    task = PushTask.objects.get(guide=cast.lin)
    assert (task.state, task.size, task.members) == (TaskState.OPEN, 2, [])
    world.confirm(cast.lin, task.msgid)
    look()
    task.refresh_from_db()
    assert task.closed_at is not None
    assert Delivery.objects.filter(task=task, state="sent", member_no=None).count() == 2
    # A group is nobody: no touch of a member is written.
    assert not Touch.objects.filter(kind=TouchKind.PUSH).exists()


def test_a_picture_is_uploaded_once_and_sent(world: World, cast: Cast, settings: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": folder},
            },
        }
        three(world, cast)
        picture = io.BytesIO()
        Image.new("RGB", (80, 60), "#9a3b2e").save(picture, "PNG")
        material = a_material(cast.hq, kind="image")
        variant = material.variants.get()
        variant.picture.save("picture.png", ContentFile(picture.getvalue()))
        push = a_push(cast.hq, material)
        plan_push(push.pk, by=TESTER)
        launch_push(push.pk, by=TESTER)
        tasks.submit_push_tasks()
        tasks.submit_push_tasks()
        run_house()
    [waiting] = world.waiting(cast.lin)
    assert [kind["msgtype"] for kind in waiting["attachments"]] == ["image"]
    # A first call with the token of an earlier test may have been refused.
    uploads = world.ask("calls", path="media/upload")["calls"]
    assert [call["errcode"] for call in uploads].count(0) == 1
