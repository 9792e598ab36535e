"""HQ plans commission, sets targets, looks at what a month would pay, and settles it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from kit.actions import scope_of
from kit.money import shown
from stores.commission.actions import approve_plan, propose_plan, set_target
from stores.commission.errors import (
    NoPlan,
    NotNext,
    NotOver,
    OwnPlan,
    PlanTooLate,
    StillSettling,
)
from stores.commission.explaining import plan_in_words
from stores.commission.models import Commission, CommissionPlan, Settlement, Target
from stores.commission.previews import previews, with_people
from stores.commission.queries import house_zone, months_to_settle, payroll_of
from stores.commission.rules import FIRST_PLAN, BadPlan, Month, read_plan
from stores.commission.settling import begin_settlement
from stores.ledger.admin import with_names
from stores.org.acted import named
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, actor_behind
from stores.org.models import Account, LegalEntity


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """The terms as they will be read; a plan that cannot be read is never written down."""

    class Meta:
        model = CommissionPlan
        fields = ("name", "effective_from", "terms")

    def clean_terms(self) -> object:
        terms: object = self.cleaned_data["terms"]
        try:
            read_plan(terms)
        except BadPlan as error:
            raise ValidationError(str(error)) from error
        return terms


@admin.register(CommissionPlan)
class CommissionPlanAdmin(HouseAdmin):
    """A plan is never changed: another one follows it. Whoever proposes does not approve."""

    form = PlanForm
    list_display = ("name", "effective_from", "in_words", "approved_at", "approved_by")
    list_select_related = ("approved_by",)
    search_fields = ("name",)
    ordering = ("-effective_from", "-id")
    change_form_outer_before_template = "admin/commission/plan_approval.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        plan = (("name", "effective_from"), "terms")
        if obj is None:
            return (("从哪个月起，怎样提成", {"fields": plan}),)
        return (
            ("从哪个月起，怎样提成", {"fields": (*plan, "in_words")}),
            ("谁提出、谁批准", {"fields": (("proposer", "approved_by", "approved_at"),)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("in_words", "proposer", "approved_by", "approved_at")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"terms": FIRST_PLAN, "effective_from": Month.of(timezone.now(), house_zone()).first}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="用话来说")
    def in_words(self, plan: CommissionPlan) -> str:
        return plan_in_words(plan.terms)

    @admin.display(description="提出者")
    def proposer(self, plan: CommissionPlan) -> str:
        return named(plan.proposed_by)

    def save_model(
        self,
        request: HttpRequest,
        obj: CommissionPlan,
        form: ModelForm[CommissionPlan],
        change: bool,  # noqa: FBT001
    ) -> None:
        made = propose_plan(
            name=obj.name,
            terms=obj.terms,
            effective_from=obj.effective_from,
            by=actor_behind(request),
        )
        obj.pk = made.pk

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        plan = CommissionPlan.objects.filter(pk=object_id).first() if object_id else None
        seen = {"months": previews(plan, by=actor_behind(request))} if plan is not None else {}
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **seen}
        )

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<int:plan_id>/approve/",
            self.admin_site.admin_view(require_POST(self.approve)),
            name="stores_commissionplan_approve",
        )
        return [own, *super().get_urls()]

    def approve(self, request: HttpRequest, plan_id: int) -> HttpResponse:
        """Approve; whoever proposed it is refused, and so is a plan for a settled month."""
        plan = get_object_or_404(CommissionPlan, pk=plan_id)
        account = request.user
        if not isinstance(account, Account) or not self.has_add_permission(request):
            raise PermissionDenied
        try:
            approve_plan(plan, account=account, now=timezone.now(), by=actor_behind(request))
            messages.success(request, "已批准，从生效的月份起按这个方案提成。")
        except (OwnPlan, PlanTooLate) as error:
            messages.error(request, str(error.__doc__))
        return redirect(reverse("admin:stores_commissionplan_change", args=[plan_id]))


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """A target in yuan, as the iPad asks for it; the row keeps cents and the month's first day."""

    yuan = forms.DecimalField(
        label="目标（元）",
        min_value=0,
        max_digits=12,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )

    class Meta:
        model = Target
        fields = ("month", "store", "guide")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["yuan"] = Decimal(self.instance.amount) / 100

    def clean_month(self) -> date:
        month: date = self.cleaned_data["month"]
        return month.replace(day=1)


@admin.register(Target)
class TargetAdmin(HouseAdmin):
    form = TargetForm
    store_path = "store"
    list_display = ("month_shown", "store", "guide_shown", "amount_shown")
    list_filter = ("month",)
    list_select_related = ("store", "guide")
    search_fields = ("store__name", "guide__name")
    ordering = ("-month", "store", "id")
    fields = ("month", ("store", "guide"), "yuan")

    @admin.display(description="月份", ordering="month")
    def month_shown(self, row: Target) -> str:
        return f"{row.month:%Y 年 %-m 月}"

    @admin.display(description="导购", ordering="guide__name")
    def guide_shown(self, row: Target) -> str:
        return "整店" if row.guide is None else row.guide.name

    @admin.display(description="目标", ordering="amount")
    def amount_shown(self, row: Target) -> str:
        return shown(row.amount)

    def save_model(
        self,
        request: HttpRequest,
        obj: Target,
        form: ModelForm[Target],
        change: bool,  # noqa: FBT001
    ) -> None:
        made = set_target(
            month=obj.month,
            store=obj.store,
            guide=obj.guide,
            amount=int(form.cleaned_data["yuan"] * 100),
            by=actor_behind(request),
        )
        obj.pk = made.pk


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    """Settled months, and above them what waits to be settled, with what it would pay."""

    list_display = (
        "month_shown", "entity", "plan", "lines", "base_shown", "commission_shown", "settled_at",
    )  # fmt: skip
    list_select_related = ("entity", "plan")
    list_filter = ("entity",)
    ordering = ("-month", "entity")
    fields = (
        ("month_shown", "entity", "plan"),
        ("settled_at", "settler"),
        ("lines", "base_shown", "commission_shown"),
    )
    list_before_template = "admin/commission/to_settle.html"
    change_form_outer_before_template = "admin/sums/take_away.html"

    @admin.display(description="月份", ordering="month")
    def month_shown(self, row: Settlement) -> str:
        return f"{row.month:%Y 年 %-m 月}"

    @admin.display(description="计提金额", ordering="base")
    def base_shown(self, row: Settlement) -> str:
        return "—" if row.base is None else shown(row.base)

    @admin.display(description="提成", ordering="commission")
    def commission_shown(self, row: Settlement) -> str:
        if row.commission is None:
            return f"正在结算 {row.percent}%"
        return shown(row.commission)

    @admin.display(description="由谁结算")
    def settler(self, row: Settlement) -> str:
        return named(row.settled_by)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        waiting = [
            {"entity": entity, "month": month}
            for entity in LegalEntity.objects.order_by("name")
            for month in months_to_settle(entity, timezone.now())[:1]
        ]
        return super().changelist_view(request, {**(extra_context or {}), "waiting": waiting})

    def get_urls(self) -> list[URLPattern]:
        site, at = self.admin_site, "<int:entity_id>/<int:year>/<int:month>/"
        return [
            path(
                f"look/{at}",
                site.admin_view(require_safe(self.look)),
                name="stores_settlement_look",
            ),
            path(
                f"settle/{at}",
                site.admin_view(require_POST(self.settle)),
                name="stores_settlement_settle",
            ),
            *super().get_urls(),
        ]

    def look(self, request: HttpRequest, entity_id: int, year: int, month: int) -> HttpResponse:
        """What a month would pay, guide by guide, before it is settled."""
        entity, asked = self._asked(request, entity_id, year, month)
        with scope_of(actor_behind(request)):
            running = Settlement.objects.filter(
                entity=entity, month=asked.first, commission=None
            ).first()
            payroll = None if running else payroll_of(entity, asked)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{entity.name} {asked.first:%Y 年 %-m 月} 提成预览",
            "entity": entity,
            "month": asked,
            "running": running,
            "payroll": payroll,
            "rows": with_people(payroll) if payroll else [],
            "in_words": plan_in_words(payroll.plan.terms) if payroll and payroll.plan else "",
            "is_over": timezone.now() >= asked.ends,
        }
        return TemplateResponse(request, "admin/commission/look.html", context)

    def settle(self, request: HttpRequest, entity_id: int, year: int, month: int) -> HttpResponse:
        """Begin to settle for good; a worker goes on with it, and the page says how far it is."""
        entity, asked = self._asked(request, entity_id, year, month)
        try:
            begin_settlement(entity, asked, now=timezone.now(), by=actor_behind(request))
        except (NotOver, NotNext, StillSettling, NoPlan) as error:
            messages.error(request, str(error.__doc__))
        else:
            messages.success(request, f"开始结算 {asked.first:%Y 年 %-m 月}，可以离开这一页。")
        return redirect("admin:stores_settlement_look", entity_id, year, month)

    def _asked(
        self, request: HttpRequest, entity_id: int, year: int, month: int
    ) -> tuple[LegalEntity, Month]:
        """The entity and the month; for accounts that see every store alone."""
        if not self.has_view_permission(request) or not request.user.has_perm(
            "stores.add_settlement"
        ):
            raise PermissionDenied
        if not actor_behind(request).scope.everything:
            raise PermissionDenied
        entity = get_object_or_404(LegalEntity, pk=entity_id)
        if not (2000 <= year <= 2100 and 1 <= month <= 12):
            raise PermissionDenied
        return entity, Month(timezone.now().date().replace(year, month, 1), house_zone())


@admin.register(Commission)
class CommissionAdmin(ReadOnlyAdmin):
    list_display = (
        "month", "guide", "store", "sales_shown", "adjustments_shown", "brought_shown",
        "base_shown", "amount_shown",
    )  # fmt: skip
    list_filter = ("settlement",)
    list_select_related = ("settlement",)
    search_fields = ("=guide_no",)
    search_help_text = "导购序号"
    ordering = ("-settlement__month", "-amount", "id")
    fields = (
        ("guide", "store"),
        ("month", "settlement"),
        ("sales", "target"),
        ("adjustments", "brought"),
        ("base", "amount"),
        ("parts_shown", "carried"),
    )
    readonly_fields = ("month", "guide", "store", "parts_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Commission]:
        return with_names(super().get_queryset(request), guide="guide_no", store="store_no")

    @admin.display(description="怎样算的")
    def parts_shown(self, row: Commission) -> str:
        steps = (
            f"{shown(part.amount)} × {part.percent}% = {shown(part.earned)}"
            for part in row.shown_parts
        )
        return "；".join(steps) or "—"

    @admin.display(description="月份", ordering="settlement__month")
    def month(self, row: Commission) -> str:
        return f"{row.settlement.month:%Y 年 %-m 月}"

    @admin.display(description="导购")
    def guide(self, row: Any) -> str:
        return getattr(row, "guide_name", None) or "—"

    @admin.display(description="门店")
    def store(self, row: Any) -> str:
        return getattr(row, "store_name", None) or "—"

    @admin.display(description="本月归属", ordering="sales")
    def sales_shown(self, row: Commission) -> str:
        return shown(row.sales)

    @admin.display(description="补差", ordering="adjustments")
    def adjustments_shown(self, row: Commission) -> str:
        return shown(row.adjustments)

    @admin.display(description="上月结转")
    def brought_shown(self, row: Commission) -> str:
        return shown(row.brought)

    @admin.display(description="计提金额", ordering="base")
    def base_shown(self, row: Commission) -> str:
        return shown(row.base)

    @admin.display(description="提成", ordering="amount")
    def amount_shown(self, row: Commission) -> str:
        return shown(row.amount)
