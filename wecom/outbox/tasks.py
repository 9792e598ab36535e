"""Doors of the outbox for Celery. A message only says "look"; the row knows everything."""

from __future__ import annotations

from celery import shared_task

from wecom.outbox import actions, asking, delivery


@shared_task(name="wecom.tasks.deliver")
def deliver(key: int) -> None:
    delivery.deliver(key)


@shared_task(name="wecom.tasks.sweep_outbox")
def sweep_outbox() -> None:
    actions.nudge_due(by=delivery.COURIER)


@shared_task(name="wecom.tasks.forget_old_wishes")
def forget_old_wishes() -> None:
    while actions.forget_old(by=delivery.COURIER):
        pass


@shared_task(name="wecom.tasks.recover_outbox")
def recover_outbox() -> None:
    asking.recover()
