"""HQ's page: how our side of WeCom stands, refreshed while one looks, and the buttons that mend it.

Every button calls an action of the room it belongs to and leaves a line in the log of changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from kit.actor import Actor
from wecom.directory.actions import begin_sweep, call_sweeper
from wecom.directory.models import SweepKind
from wecom.health.models import Health
from wecom.health.pictures import page_of
from wecom.inbox import actions as inbox
from wecom.inbox.admin import ReadOnly, actor_at, sees_all
from wecom.outbox import actions as outbox
from wecom.outbox.models import Kind

_NAME = "admin:wecom_health"


@admin.register(Health)
class HealthAdmin(ReadOnly):
    """No list of rows: one page in the list's place."""

    def get_urls(self) -> list[URLPattern]:
        own = [("panels", require_safe(self.panels)), ("act", require_POST(self.act))]
        site = self.admin_site
        return [
            *(
                path(f"{name}/", site.admin_view(view), name=f"wecom_health_{name}")
                for name, view in own
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page."""
        context = {
            **self.admin_site.each_context(request),
            **self._panels(request),
            "title": "企业微信健康",
        }
        return TemplateResponse(request, "health/page.html", context)

    def panels(self, request: HttpRequest) -> HttpResponse:
        """What changes while one looks, asked for every ten seconds."""
        return render(request, "health/panels.html", self._panels(request))

    def act(self, request: HttpRequest) -> HttpResponse:
        """Press one button; refused without the right, and for who sees some regions only."""
        if not self._may_act(request):
            raise PermissionDenied
        name = request.POST.get("do", "")
        press = _BUTTONS.get(name)
        try:
            if press is None:
                raise ValueError(name)
            done, told = press(request, actor_at(request))
        except ValueError:
            messages.error(request, "没有这个操作。")
        else:
            if done:
                self._log(request, told)
            level = messages.SUCCESS if done else messages.WARNING
            messages.add_message(request, level, told if done else f"{told}：没有可以改变的。")
        return redirect(reverse(f"{_NAME}_changelist"))

    def _panels(self, request: HttpRequest) -> dict[str, Any]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return {**page_of(timezone.now()), "may_act": self._may_act(request)}

    def _may_act(self, request: HttpRequest) -> bool:
        # Pausing and replaying touch every store.
        return self.has_repair_permission(request) and sees_all(request)

    def _log(self, request: HttpRequest, told: str) -> None:
        LogEntry.objects.create(
            user_id=int(request.user.pk or 0),
            content_type=get_content_type_for_model(Health),
            object_repr=told[:200],
            action_flag=CHANGE,
        )


def _pause(request: HttpRequest, by: Actor) -> tuple[int, str]:
    kind, app = request.POST.get("kind", ""), _app(request)
    reason = request.POST.get("reason", "").strip()
    done = outbox.pause(kind=kind, app=app, reason=reason or "没有说明", by=by)
    return int(done), f"已暂停发送：{_said(kind)}（{app}）"


def _resume(request: HttpRequest, by: Actor) -> tuple[int, str]:
    kind, app = request.POST.get("kind", ""), _app(request)
    return int(outbox.resume(kind=kind, app=app, by=by)), f"已恢复发送：{_said(kind)}（{app}）"


def _app(request: HttpRequest) -> str:
    return request.POST.get("app", "") or "main"


def _said(kind: str) -> str:
    return str(Kind(kind).label) if kind else "全部"


def _reopen(request: HttpRequest, by: Actor) -> tuple[int, str]:
    kind = request.POST.get("kind", "")
    count = inbox.reopen_kind(kind, by=by)
    return count, f"重新读取 {count} 条回调：{kind or '从未读懂的'}"


def _handle_again(request: HttpRequest, by: Actor) -> tuple[int, str]:
    handler = request.POST.get("handler", "")
    count = inbox.handle_kind_again(handler=handler, by=by)
    return count, f"重新处理 {count} 个事件：{handler}"


def _sweep(request: HttpRequest, by: Actor) -> tuple[int, str]:
    kind = SweepKind(request.POST.get("kind", ""))
    begun = begin_sweep(kind, is_thorough=True, by=by)
    call_sweeper([begun.pk])
    return 1, f"开始对账：{kind.label}"


_BUTTONS: dict[str, Callable[[HttpRequest, Actor], tuple[int, str]]] = {
    "pause": _pause,
    "resume": _resume,
    "reopen": _reopen,
    "handle_again": _handle_again,
    "sweep": _sweep,
}
