"""HQ's pushes: write, plan in advance, launch, follow, stop. Tasks and deliveries to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from groups.pushes import actions
from groups.pushes.errors import PushError
from groups.pushes.forms import PushForm
from groups.pushes.models import ChatType, Delivery, Push, PushState, PushTask, TrackedLink
from groups.pushes.queries import progress_of, tasks_by_guide
from kit.actor import Actor
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, actor_behind

_EDITABLE = {PushState.DRAFT, PushState.PLANNED}


@admin.register(Push)
class PushAdmin(HouseAdmin):
    form = PushForm
    list_display = (
        "name", "material", "to_whom", "state", "recipients", "planned_for", "launched_at",
    )  # fmt: skip
    list_filter = ("state", "chat_type")
    list_select_related = ("material", "audience")
    search_fields = ("name", "material__title")
    autocomplete_fields = ()
    fieldsets = (
        ("发什么", {"fields": (("name", "material"),)}),
        ("发给谁", {"fields": (("chat_type", "audience"), "holdout_percent")}),
        ("什么时候", {"fields": ("planned_for",)}),
    )
    change_form_outer_before_template = "admin/groups/push_state.html"

    @admin.display(description="发给谁")
    def to_whom(self, row: Push) -> str:
        return str(row.audience) if row.audience else str(row.get_chat_type_display())

    @admin.display(description="预计收到")
    def recipients(self, row: Push) -> int | None:
        found: int | None = row.plan.get("recipients")
        return found

    # ------------------------------------------------------------ writing

    def has_change_permission(self, request: HttpRequest, obj: Push | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return bool(may and (obj is None or obj.state in _EDITABLE))

    def has_delete_permission(self, request: HttpRequest, obj: Push | None = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return bool(may and (obj is None or obj.state in _EDITABLE))

    def save_model(
        self,
        request: HttpRequest,
        obj: Push,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
        if change and form.has_changed():
            actions.redraft_push(obj.pk, by=actor_behind(request))

    def response_add(
        self, request: HttpRequest, obj: Push, post_url_continue: str | None = None
    ) -> HttpResponse:
        return redirect(reverse("admin:groups_push_plan", args=[obj.pk]))

    # ------------------------------------------------------------ planning, launching, stopping

    def get_urls(self) -> list[URLPattern]:
        def at(name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            return path(
                f"<int:push_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"groups_push_{name}",
            )

        return [
            at("plan", self.plan_page),
            at("count", require_POST(self.count)),
            at("launch", require_POST(self.launch)),
            at("stop", require_POST(self.stop)),
            at("remind", require_POST(self.remind)),
            *super().get_urls(),
        ]

    def plan_page(self, request: HttpRequest, push_id: int) -> HttpResponse:
        """Who gets what, who falls out and why; after the launch, how far it is."""
        push = self._push(request, push_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": push.name,
            "push": push,
            "plan": push.plan,
            "variants": _variants(push),
            "to_groups": push.chat_type == ChatType.GROUP,
            "can_launch": push.state == PushState.PLANNED and push.plan.get("recipients"),
            "is_editable": push.state in _EDITABLE,
        }
        if push.launched_at is not None:
            context |= {"progress": progress_of(push), "tasks": tasks_by_guide(push)}
        return TemplateResponse(request, "admin/groups/push_plan.html", context)

    def count(self, request: HttpRequest, push_id: int) -> HttpResponse:
        return self._do(request, push_id, actions.plan_push, "预演好了，还没有发给任何人。")

    def launch(self, request: HttpRequest, push_id: int) -> HttpResponse:
        return self._do(
            request, push_id, actions.launch_push, "已发起。导购的 iPad 上马上会出现任务。"
        )

    def stop(self, request: HttpRequest, push_id: int) -> HttpResponse:
        return self._do(
            request, push_id, actions.stop_push, "正在停止：还没确认的任务会撤回，已发出的收不回。"
        )

    def remind(self, request: HttpRequest, push_id: int) -> HttpResponse:
        return self._do(request, push_id, actions.remind_guides, "已请企业微信提醒还没确认的导购。")

    def _do(
        self, request: HttpRequest, push_id: int, act: Callable[..., object], done: str
    ) -> HttpResponse:
        push = self._push(request, push_id)
        if not super().has_change_permission(request, push):
            raise PermissionDenied
        by: Actor = actor_behind(request)
        try:
            act(push.pk, by=by)
            messages.success(request, done)
        except PushError as error:
            messages.error(request, error.text)
        return redirect(reverse("admin:groups_push_plan", args=[push.pk]))

    def _push(self, request: HttpRequest, push_id: int) -> Push:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = Push.objects.select_related("material__approved_by", "audience", "created_by")
        return get_object_or_404(found, pk=push_id)


def _variants(push: Push) -> list[dict[str, Any]]:
    """Each variant with how many read it, as planned."""
    counts = {line["variant"]: line["count"] for line in push.plan.get("variants", ())}
    return [
        {"variant": variant, "count": counts.get(variant.pk, 0)}
        for variant in push.material.variants.select_related("product").order_by("tier")
    ]


@admin.register(PushTask)
class PushTaskAdmin(ReadOnlyAdmin):
    """Tasks per guide and variant; whom they hold is not listed here."""

    list_display = (
        "push", "guide", "variant", "size", "state", "stopping_for", "due_at", "confirmed_at",
        "error",
    )  # fmt: skip
    list_filter = ("state", "stopping_for", "guide__store")
    list_select_related = ("push", "guide__store", "variant__material")
    search_fields = ("push__name", "guide__name", "=msgid")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields = (
        "push", "guide", "variant", "size", "state", "stopping_for", "msgid", "made_again_from",
        "created_at", "due_at", "expires_at", "opened_at", "confirmed_at", "closed_at", "error",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[PushTask]:
        return super().get_queryset(request).defer("members", "recipients")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What came of each recipient."""

    list_display = ("push", "member_no", "state", "at")
    list_filter = ("state",)
    list_select_related = ("push",)
    search_fields = ("push__name", "=member_no")
    ordering = ("-at",)


@admin.register(TrackedLink)
class TrackedLinkAdmin(ReadOnlyAdmin):
    """Links of pushes and how often they were opened; by whom stands in nobody's list."""

    list_display = ("code", "push", "guide", "target", "clicks_count")
    list_select_related = ("push", "guide__store")
    search_fields = ("=code", "push__name", "guide__name")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrackedLink]:
        return super().get_queryset(request).annotate(opened=Count("clicks"))

    @admin.display(description="打开次数")
    def clicks_count(self, row: Any) -> int:
        return int(row.opened)
