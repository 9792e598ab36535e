"""Doors of this room for Celery: begin what is due, go on portion by portion, forget."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from kit.actor import Actor
from wecom.directory import actions, forgetting, sweeping
from wecom.directory.scheduling import begin_due


@shared_task(name="wecom.tasks.begin_due_sweeps")
def begin_due_sweeps() -> None:
    actions.call_sweeper(begin_due(timezone.localtime()))


@shared_task(name="wecom.tasks.carry_on_sweep")
def carry_on_sweep(key: int) -> None:
    if sweeping.carry_on(key):
        actions.call_sweeper([key])


@shared_task(name="wecom.tasks.carry_on_sweeps")
def carry_on_sweeps() -> None:
    actions.call_sweeper(sweeping.due_sweeps())


@shared_task(name="wecom.tasks.forget_old_sweeps")
def forget_old_sweeps() -> None:
    actions.forget_old_sweeps(by=Actor.system("sweeps are kept 90 days"))


@shared_task(name="wecom.tasks.forget_old_mirrors")
def forget_old_mirrors() -> None:
    now, by = timezone.now(), Actor.system("kept as long as declared")
    forgetting.forget_reach(at=now, by=by)
    forgetting.forget_hearing(at=now, by=by)
