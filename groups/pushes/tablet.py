"""The iPad's pages of push tasks: what waits for her tap in WeCom, what came of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from groups.content.models import MaterialKind
from groups.pushes import results
from groups.pushes.access import task_of
from groups.pushes.addresses import address_of
from groups.pushes.models import ChatType, PushTask, TaskState, TrackedLink
from groups.pushes.queries import (
    counts_of,
    recent_tasks,
    recipients_of,
    tasks_to_confirm,
    withdrawn_from,
)
from groups.pushes.rules import text_with_link
from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from stores.org.models import Guide
from stores.tablet.doors import guide_page, toast_next


@require_GET
@guide_page
def tasks(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Her tasks: those that wait, then what came of the others."""
    now = timezone.now()
    with scope_of(actor):
        return render(
            request,
            "pushes/tasks.html",
            {"waiting": list(tasks_to_confirm(guide)), "recent": list(recent_tasks(guide, at=now))},
        )


@require_GET
@guide_page
def task(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """One task: the text as it will stand, who gets it, and the way into WeCom."""
    with scope_of(actor):
        found = task_of(guide, public_id)
        again = PushTask.objects.filter(made_again_from=found).defer("members", "recipients")
        counts = counts_of(found)
        return render(
            request,
            "pushes/task.html",
            {
                "task": found,
                "again": again.first(),
                **_content(found),
                "left_out": withdrawn_from(found),
                "people": recipients_of(found),
                "counts": counts,
                "waits": found.state == TaskState.OPEN and not found.stopping_for,
                "to_groups": found.push.chat_type == ChatType.GROUP,
                "wecom": wecom_address(guide),
            },
        )


@require_POST
@guide_page
def confirmed(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """She says that she confirmed: WeCom is asked at once; what it answers counts, not the tap."""
    with scope_of(actor):
        key = task_of(guide, public_id).pk
    results.look_soon(key, by=actor)
    toast_next(request, "好，正在向企业微信核对结果。")
    return redirect(reverse("tablet-task", args=[shown_id(public_id)]))


def wecom_address(guide: Guide) -> str:
    """What opens WeCom: its own scheme on the iPad; the simulated client in a demo."""
    if settings.DEMO:
        return f"/sandbox/wecom/{guide.wecom_userid}/tasks/"
    return "wxwork://"


def _content(task: PushTask) -> dict[str, Any]:
    """Text and link card as WeCom shows them; before submitting there is no link yet."""
    link = TrackedLink.objects.filter(task=task).first()
    address = address_of(link) if link else ""
    if task.push.material.kind != MaterialKind.LINK:
        return {"text": text_with_link(task.variant.text, address)}
    title = task.variant.link_title or task.push.material.title
    return {"text": task.variant.text, "card": {"title": title, "address": address}}
