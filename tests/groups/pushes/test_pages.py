"""The iPad's tasks: the card on Today, the task's page, and who may open it."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.pushes import tasks
from groups.pushes.actions import launch_push, plan_push
from groups.pushes.models import PushTask, TaskState
from groups.pushes.today import cards
from kit.actions import scope_of
from kit.fields import shown_id
from members.identity.models import Member
from stores.org.access import actor_of_guide
from tests.cast import Cast
from tests.groups.builders import (
    TESTER,
    World,
    a_material,
    a_push,
    a_reachable_member,
    run_house,
)


def two_open_tasks(world: World, cast: Cast) -> list[PushTask]:
    for name, tier in (("普一", "basic"), ("金一", "gold"), ("金二", "gold")):
        a_reachable_member(world, cast.lin, name, tier=tier)
    push = a_push(cast.hq, a_material(cast.hq, {"": "新品到店。", "gold": "金卡会员先选。"}))
    plan_push(push.pk, by=TESTER)
    launch_push(push.pk, by=TESTER)
    tasks.submit_push_tasks()
    run_house()
    return list(PushTask.objects.order_by("size"))


def address(task: PushTask) -> str:
    return f"/tablet/tasks/{shown_id(task.public_id)}/"


def test_one_card_says_how_many_confirmations_a_push_costs(world: World, cast: Cast) -> None:
    two_open_tasks(world, cast)
    actor = actor_of_guide(cast.lin)
    with scope_of(actor):
        [card] = cards(actor, cast.lin, timezone.now())
    assert card.title == "冬季新品群发等你确认"
    assert "金卡 2 位" in card.why
    assert "共 2 次确认" in card.why
    assert (card.href, card.act, card.count) == ("/tablet/tasks/", "到企业微信确认", 2)
    actor = actor_of_guide(cast.zhou)
    with scope_of(actor):
        assert cards(actor, cast.zhou, timezone.now()) == []


def test_the_task_shows_text_and_people_to_its_guide_only(
    client: Client, world: World, cast: Cast
) -> None:
    task = two_open_tasks(world, cast)[1]
    client.force_login(cast.lin.account)
    page = client.get(address(task)).content.decode()
    assert "金卡会员先选。" in page
    assert "金一" in page
    assert "普一" not in page
    assert "到企业微信确认" in page
    for other in (cast.zhou, cast.manager, cast.ma):
        client.force_login(other.account)
        assert client.get(address(task)).status_code == 404
        assert client.post(f"{address(task)}confirmed/").status_code == 404


def test_her_word_that_she_confirmed_only_hurries_the_look(
    client: Client, world: World, cast: Cast
) -> None:
    task = two_open_tasks(world, cast)[1]
    PushTask.objects.update(next_look_at=timezone.now() + timedelta(minutes=5))
    client.force_login(cast.lin.account)
    assert client.post(f"{address(task)}confirmed/").status_code == 302
    tasks.look_at_results()
    assert PushTask.objects.get(pk=task.pk).state == TaskState.OPEN
    world.confirm(cast.lin, task.msgid)
    client.post(f"{address(task)}confirmed/")
    tasks.look_at_results()
    assert PushTask.objects.get(pk=task.pk).state == TaskState.CONFIRMED
    page = client.get(address(task)).content.decode()
    assert "已送达 2 位" in page


def test_more_tasks_and_people_ask_no_more_queries(
    client: Client, world: World, cast: Cast
) -> None:
    task = two_open_tasks(world, cast)[1]
    client.force_login(cast.lin.account)
    for page in ("/tablet/tasks/", address(task)):
        client.get(page)
        before = _count(client, page)
        _grow(task)
        assert _count(client, page) == before


def _grow(task: PushTask) -> None:
    members = list(Member.objects.values_list("pk", flat=True))
    task.members = members * 5
    task.recipients = ["wm"] * len(task.members)
    task.save(update_fields=["members", "recipients"])
    PushTask.objects.bulk_create(
        PushTask(
            push=task.push, guide=task.guide, variant=task.variant, size=1, state=state,
            msgid="m", due_at=task.due_at, expires_at=task.expires_at,
        )
        for state in [TaskState.OPEN, TaskState.CONFIRMED] * 10
    )  # fmt: skip


def _count(client: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)
