"""HQ's screens: the rule with its preview, where members stand, plays, lists, assignments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html_join

from kit.actions import scope_of
from kit.money import shown
from members.lifecycle.actions import draft_rule, publish_rule, save_play
from members.lifecycle.errors import LifecycleError
from members.lifecycle.forms import AssignmentForm, PlayForm
from members.lifecycle.models import LifecycleRun, MemberStage, StageRule, Yardstick
from members.lifecycle.models_of_owners import AssignmentPlan
from members.lifecycle.models_of_today import Play, TodayPick
from members.lifecycle.owners import (
    WAYS,
    preview_assignment,
    run_assignment,
    undo_assignment,
)
from members.lifecycle.previews import preview_of
from members.lifecycle.queries import CHURN_RISKS, SUPER_USERS, members_of_play, overview
from members.lifecycle.rfm import segment_of
from stores.org.models import Account
from stores.tablet.hq import HouseAdmin, ReadOnlyAdmin, actor_behind

_THRESHOLDS = (
    "growing_purchases",
    "mature_purchases",
    "mature_spend",
    "dormant_after",
    "lapsed_after",
    "note",
)
_OF_A_PLAN = ("found", "placed", "ran_at", "undone_at", "first_lines")


def _account(request: HttpRequest) -> Account | None:
    return request.user if isinstance(request.user, Account) else None


@admin.register(StageRule)
class StageRuleAdmin(HouseAdmin):
    """A new version is drafted, looked at, published; nothing published is changed."""

    list_display = ("version", "said", "note", "published_at")
    fields = (*_THRESHOLDS, "would_move")
    readonly_fields = ("would_move",)
    actions = ("publish",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="规则")
    def said(self, obj: StageRule) -> str:
        spend = f"（或累计满 {shown(obj.mature_spend)}）" if obj.mature_spend else ""
        return (
            f"买满 {obj.growing_purchases} 次成长，{obj.mature_purchases} 次{spend}成熟；"
            f"{obj.dormant_after} 天没买休眠，{obj.lapsed_after} 天流失"
        )

    @admin.display(description="发布后会动多少人")
    def would_move(self, obj: StageRule) -> str:
        if obj._state.adding:
            return "保存后显示"
        found = preview_of(obj)
        about = "" if found.is_exact else "约 "
        lines = [f"{about}{found.moved:,} / {found.people:,} 人换阶段", *map(str, found.shifts)]
        return format_html_join("", "<p>{}</p>", [(line,) for line in lines])

    @admin.action(description="发布，下一次计算起生效", permissions=["view"])
    def publish(self, request: HttpRequest, queryset: QuerySet[StageRule]) -> None:
        for rule in queryset:
            try:
                publish_rule(rule.pk, by=actor_behind(request))
            except LifecycleError as refusal:
                messages.error(request, f"第 {rule.version} 版：{refusal}")
            else:
                messages.success(request, f"第 {rule.version} 版已发布，今晚重算全部会员。")

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        values = {name: getattr(obj, name) for name in _THRESHOLDS}
        drafted = draft_rule(values, account=_account(request), by=actor_behind(request))
        obj.pk, obj.version = drafted.pk, drafted.version


class _ListFilter(admin.SimpleListFilter):
    title = "名单"
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("super", "超级用户"), ("churn", "可能不再来")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"super": SUPER_USERS, "churn": CHURN_RISKS}.get(self.value() or "")
        if wanted is None:
            return queryset
        return queryset.filter(wanted).order_by("-value_minor", "pk")


@admin.register(MemberStage)
class MemberStageAdmin(ReadOnlyAdmin):
    """Where members stand. The pictures are under `picture/`."""

    list_display = ("member", "stage", "since", "frequency", "spent", "segment", "alive", "worth")
    list_filter = (_ListFilter, "stage")
    list_select_related = ("member", "yardstick__rule")
    list_per_page = 25
    ordering = ("-pk",)
    readonly_fields = ("why", "segment")

    def get_urls(self) -> list[URLPattern]:
        view: Callable[..., HttpResponse] = self.admin_site.admin_view(self.picture)
        return [path("picture/", view, name="members_memberstage_picture"), *super().get_urls()]

    def picture(self, request: HttpRequest) -> HttpResponse:
        """Stages and who moved this week, R and F as a grid, segments by their names."""
        actor = actor_behind(request)
        with scope_of(actor):
            seen = overview(actor.scope, timezone.localdate())
            plays = list(Play.objects.all())
        most = max((count for *_, count in seen.stages), default=0) or 1
        dense = max((count for row in seen.grid for count in row), default=0) or 1
        context = {
            **self.admin_site.each_context(request),
            "title": "会员阶段",
            "seen": seen,
            "stages": [(*stage, round(100 * stage[2] / most)) for stage in seen.stages],
            "grid": [
                (5 - at, [(count, _shade(count, dense)) for count in row])
                for at, row in enumerate(seen.grid)
            ],
            "plays": plays,
        }
        return TemplateResponse(request, "admin/lifecycle/picture.html", context)

    @admin.display(description="累计消费")
    def spent(self, obj: MemberStage) -> str:
        return shown(obj.monetary_minor)

    @admin.display(description="分群")
    def segment(self, obj: MemberStage) -> str:
        return segment_of(obj.rfm)[1] if obj.rfm else "—"

    @admin.display(description="仍会来的可能")
    def alive(self, obj: MemberStage) -> str:
        return "—" if obj.p_alive is None else f"{obj.p_alive:.0%}"

    @admin.display(description="预计一年内消费")
    def worth(self, obj: MemberStage) -> str:
        return "—" if obj.value_minor is None else shown(obj.value_minor)

    @admin.display(description="为什么")
    def why(self, obj: MemberStage) -> str:
        return "；".join(obj.because)


def _shade(count: int, dense: int) -> int:
    """0 to 5: how dark a cell is."""
    return 0 if not count else 1 + round(4 * (count / dense) ** 0.5)


@admin.register(Yardstick)
class YardstickAdmin(ReadOnlyAdmin):
    list_display = ("measured_on", "rule", "made_at")


@admin.register(LifecycleRun)
class LifecycleRunAdmin(ReadOnlyAdmin):
    list_display = ("on", "kind", "scored", "moved", "removed", "started_at", "finished_at")


@admin.register(TodayPick)
class TodayPickAdmin(ReadOnlyAdmin):
    list_display = ("on", "guide", "member", "reason", "outcome", "for_manager")
    list_filter = ("outcome", "for_manager")
    list_select_related = ("guide__store", "member")
    ordering = ("-on", "-pk")

    @admin.display(description="为什么")
    def reason(self, obj: TodayPick) -> str:
        return "；".join(reason["text"] for reason in obj.reasons)


@admin.register(Play)
class PlayAdmin(HouseAdmin):
    """Plays are defined here; sending them waits for the pushes."""

    form = PlayForm
    list_display = ("name", "kind", "holdout_percent", "runs_for_days", "is_active", "version")
    list_filter = ("kind", "is_active")
    readonly_fields = ("means_now", "version")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [
            (
                "是哪些人",
                {"fields": ("kind", "name", "stages", "entered_within_days", "means_now")},
            ),
            (
                "怎么做",
                {
                    "fields": ("holdout_percent", "stops", "runs_for_days", "talk", "is_active"),
                    "description": "发送要等群发启用后才会发生。",
                },
            ),
        ]

    @admin.display(description="今天是多少人")
    def means_now(self, obj: Play) -> str:
        if obj._state.adding:
            return "保存后显示"
        part, kept = members_of_play(obj, timezone.localdate())
        return f"{len(part):,} 人参加，{len(kept):,} 人作为对照不打扰"

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        save_play(obj, account=_account(request), by=actor_behind(request))


@admin.register(AssignmentPlan)
class AssignmentPlanAdmin(HouseAdmin):
    """Preview first, then run; what was run can be taken back."""

    list_display = ("made_at", "found", "placed", "ran_at", "undone_at")
    form = AssignmentForm
    readonly_fields = ("found", "placed", "ran_at", "undone_at", "chosen", "first_lines")
    actions = ("run", "take_back")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("ways", "most_per_guide") if obj is None else ("chosen", *_OF_A_PLAN)

    @admin.display(description="怎么分")
    def chosen(self, obj: AssignmentPlan) -> str:
        ways = "，再".join(WAYS.get(way, way) for way in obj.rule.get("ways", []))
        return f"先{ways}；每位导购最多 {obj.rule.get('most_per_guide', 0):,} 位"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="前 50 位")
    def first_lines(self, obj: AssignmentPlan) -> str:
        if obj._state.adding:
            return "保存后显示"
        lines = obj.lines.select_related("member", "guide__store").order_by("pk")[:50]
        return format_html_join(
            "",
            "<p>会员 {} → {}（{}）</p>",
            ((line.member.card_no[-4:], line.guide, WAYS[line.because]) for line in lines),
        )

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        rule = form.rule() if isinstance(form, AssignmentForm) else obj.rule
        plan = preview_assignment(rule, account=_account(request), by=actor_behind(request))
        obj.pk = plan.pk

    @admin.action(description="执行分配", permissions=["view"])
    def run(self, request: HttpRequest, queryset: QuerySet[AssignmentPlan]) -> None:
        for plan in queryset:
            try:
                done = run_assignment(plan.pk, by=actor_behind(request))
            except LifecycleError as refusal:
                messages.error(request, f"{plan}：{refusal}")
            else:
                messages.success(request, f"{plan}：{done:,} 位会员有了专属导购。")

    @admin.action(description="撤销分配", permissions=["view"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[AssignmentPlan]) -> None:
        for plan in queryset:
            try:
                undone = undo_assignment(plan.pk, by=actor_behind(request))
            except LifecycleError as refusal:
                messages.error(request, f"{plan}：{refusal}")
            else:
                messages.success(request, f"{plan}：{undone:,} 位会员回到待分配。")
