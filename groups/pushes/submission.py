"""From a waiting task to one that stands in the guide's WeCom, or to the reason why it does not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from groups.content.models import MaterialKind
from groups.pushes import steps
from groups.pushes.addresses import address_of, target_of
from groups.pushes.models import (
    Delivery,
    DeliveryState,
    PushTask,
    TaskState,
    TrackedLink,
)
from groups.pushes.rules import pause_before_look, text_with_link
from kit.actions import action
from kit.actor import Actor
from kit.fields import read_id, shown_id
from wecom.outbox.steps import put

_PREFIX = "push:"


@action
def submit_waiting(*, media: Mapping[int, str], by: Actor, limit: int = 100) -> int:
    """Put tasks whose time has come into the outbox, each once; how many were looked at.

    `media` holds the uploaded pictures by variant; a picture task without one waits on. A task
    whose time has passed is made again for the next moment allowed, or expires.
    """
    now = timezone.now()
    tasks = list(
        PushTask.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("guide__store", "push__material", "variant__product", "variant__material")
        .filter(state=TaskState.WAITING, due_at__lte=now)
        .order_by("due_at", "pk")[:limit]
    )
    for task in tasks:
        if task.expires_at <= now:
            _end_and_make_again(task, at=now, otherwise=TaskState.EXPIRED)
        elif task.variant.material.kind != MaterialKind.IMAGE or task.variant_id in media:
            _submit(task, media.get(task.variant_id, ""))
    return len(tasks)


@action
def open_task(once: str, *, msgid: str, unreachable: Collection[str], by: Actor) -> bool:
    """WeCom has the task: it stands in the guide's client. False when that was known.

    A task that was being taken back meanwhile is cancelled with its number, now that it has one.
    """
    task = locked_task(once)
    if task is None or task.state not in {TaskState.SUBMITTING, TaskState.UNKNOWN}:
        return False
    now = timezone.now()
    task.state, task.msgid, task.opened_at = TaskState.OPEN, msgid, now
    task.next_look_at = now + pause_before_look(0)
    task.save(update_fields=["state", "msgid", "opened_at", "next_look_at"])
    numbers = dict(zip(task.recipients, task.members, strict=False))
    Delivery.objects.bulk_create(
        [
            Delivery(
                push_id=task.push_id,
                task=task,
                member_no=numbers.get(recipient),
                recipient=recipient,
                state=DeliveryState.NOT_FRIEND,
                at=now,
            )
            for recipient in unreachable
            if recipient in set(task.recipients)
        ],
        ignore_conflicts=True,
    )
    if task.stopping_for:
        steps.ask_to_cancel(task)
    steps.tell_guide(task)
    return True


@action
def give_up_task(once: str, *, error: str, by: Actor) -> bool:
    """WeCom refused the task for good: it failed, or was not wanted any more anyway."""
    task = locked_task(once)
    if task is None or task.state not in {TaskState.SUBMITTING, TaskState.UNKNOWN}:
        return False
    if task.stopping_for:
        _end_and_make_again(task, at=timezone.now(), otherwise=TaskState.CANCELLED)
    else:
        steps.end_task(task, TaskState.FAILED, error=error)
    steps.tell_guide(task)
    return True


@action
def doubt_task(once: str, *, by: Actor) -> bool:
    """Whether WeCom has the task is not known, even after asking: a person looks at it."""
    task = locked_task(once)
    if task is None or task.state != TaskState.SUBMITTING:
        return False
    task.state = TaskState.UNKNOWN
    task.save(update_fields=["state"])
    return True


@action
def take_back_unsent(once: str, *, by: Actor) -> bool:
    """The outbox did not send the task (vetoed, or its time passed): made again without who must
    not get it, for the next moment allowed.
    """
    task = locked_task(once)
    if task is None or task.state != TaskState.SUBMITTING:
        return False
    _end_and_make_again(task, at=timezone.now(), otherwise=TaskState.CANCELLED)
    return True


def locked_task(once: str) -> PushTask | None:
    """The task behind an outbox key of ours, locked; None for keys of others."""
    if not once.startswith(_PREFIX):
        return None
    return (
        PushTask.objects.select_for_update(of=("self",))
        .select_related("guide__store", "push__material")
        .get(public_id=read_id(once.removeprefix(_PREFIX)))
    )


def _end_and_make_again(task: PushTask, *, at: datetime, otherwise: TaskState) -> None:
    """End a task that WeCom does not have; its successor goes to those who may still get it."""
    again = steps.make_again(task, at=at)
    steps.end_task(task, TaskState.CANCELLED if again else otherwise)


def _submit(task: PushTask, media_id: str) -> None:
    target = target_of(task.variant)
    link = ""
    if target:
        row, _ = TrackedLink.objects.get_or_create(
            task=task,
            defaults={"push": task.push, "guide": task.guide, "target": target},
        )
        link = address_of(row)
    put(
        "mass_send",
        _payload(task, link, media_id),
        once=steps.once_of(task),
        subject=f"pushtask:{shown_id(task.public_id)}",
        expires_at=task.expires_at,
    )
    task.state = TaskState.SUBMITTING
    task.save(update_fields=["state"])


def _payload(task: PushTask, link: str, media_id: str) -> dict[str, Any]:
    variant = task.variant
    attachments: list[dict[str, str]] = []
    if variant.material.kind == MaterialKind.LINK and link:
        title = variant.link_title or variant.material.title
        attachments = [{"kind": "link", "title": title, "url": link, "desc": "", "picurl": ""}]
    if media_id:
        attachments = [{"kind": "image", "media_id": media_id}]
    in_text = link if variant.material.kind != MaterialKind.LINK else ""
    return {
        "chat_type": task.push.chat_type,
        "sender": task.guide.wecom_userid,
        "recipients": task.recipients,
        "text": text_with_link(variant.text, in_text),
        "attachments": attachments,
    }
