"""Mass sends are followed until their end is known; what nobody can tell any more is unknown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.pushes import tasks
from groups.pushes.models import Delivery, DeliveryState, PushTask, TaskState
from groups.pushes.rules import RESULTS_LIVE, pause_before_look
from tests.cast import Cast
from tests.groups.builders import World, a_reachable_member, run_house
from tests.groups.pushes.test_course import launched
from wecom.directory.models import Difference
from wecom.directory.sweeping import sweep_through

RESULT = "externalcontact/get_groupmsg_send_result"
TASK = "externalcontact/get_groupmsg_task"


@pytest.fixture
def task(world: World, cast: Cast) -> PushTask:
    """A task of Lin's for two members that stands in her client."""
    for name in ("甲", "乙"):
        a_reachable_member(world, cast.lin, name)
    launched(cast)
    tasks.submit_push_tasks()
    run_house()
    return PushTask.objects.get(state=TaskState.OPEN)


def states(task: PushTask) -> list[str]:
    return sorted(Delivery.objects.filter(task=task).values_list("state", flat=True))


def one_more(task: PushTask, cast: Cast) -> None:
    """Somebody of whom WeCom never tells anything."""
    task.members, task.recipients = [*task.members, cast.chen.pk], [*task.recipients, "wmSilent"]
    task.size = 3
    task.save(update_fields=["members", "recipients", "size"])


def test_a_task_that_fell_out_of_the_usual_looks_is_found(
    world: World, cast: Cast, task: PushTask
) -> None:
    PushTask.objects.update(next_look_at=None)
    world.confirm(cast.lin, task.msgid)
    sweep = sweep_through("mass_sends", is_full=False)
    task.refresh_from_db()
    assert (task.state, states(task)) == (TaskState.CONFIRMED, ["sent", "sent"])
    assert task.closed_at is not None
    assert Difference.objects.get(sweep=sweep).what == "群发结果补录"
    assert sweep_through("mass_sends").found == 0


def test_the_hourly_sweep_leaves_alone_what_is_looked_at_anyway(
    world: World, cast: Cast, task: PushTask
) -> None:
    world.confirm(cast.lin, task.msgid)
    assert sweep_through("mass_sends", is_full=False).done == 0
    assert sweep_through("mass_sends").done == 1


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_what_wecom_has_forgotten_stays_unknown(
    world: World, cast: Cast, task: PushTask, is_confirmed: bool
) -> None:
    if is_confirmed:
        one_more(task, cast)
        world.confirm(cast.lin, task.msgid)
        sweep_through("mass_sends")
    world.control("faults", {"path": TASK, "errcode": 41047, "times": -1})
    sweep_through("mass_sends")
    task.refresh_from_db()
    assert task.closed_at is not None
    assert task.next_look_at is None
    if is_confirmed:
        assert task.state == TaskState.CONFIRMED
        assert states(task) == ["sent", "sent", "unknown"]
    else:
        assert task.state == TaskState.UNKNOWN
        assert states(task) == ["unknown", "unknown"]


def test_results_are_followed_past_every_cliff(world: World, cast: Cast, task: PushTask) -> None:
    one_more(task, cast)
    world.confirm(cast.lin, task.msgid)
    sweep_through("mass_sends")
    for days in (16, 170):
        PushTask.objects.update(confirmed_at=timezone.now() - timedelta(days=days))
        sweep_through("mass_sends")
        task.refresh_from_db()
        assert task.closed_at is None
    PushTask.objects.update(confirmed_at=timezone.now() - RESULTS_LIVE - timedelta(days=1))
    sweep_through("mass_sends")
    task.refresh_from_db()
    assert task.closed_at is not None
    assert states(task) == ["sent", "sent", DeliveryState.UNKNOWN]


def test_pauses_grow_to_ten_minutes_before_and_a_day_after_confirming() -> None:
    pauses = [pause_before_look(n).total_seconds() for n in range(60)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (4.0, 600.0)
    assert pause_before_look(30_000, is_confirmed=True) == timedelta(days=1)
