"""HQ's screens for shared codes, for what was printed, and for what channels cost and brought."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Model, Q, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from members.registration.addresses import address_of_roster
from members.registration.drawing import LAYOUTS
from members.registration.effect import GROUPINGS, MOST_DAYS, MOST_ROWS, Effect, Figures, effect_of
from members.registration.errors import RegistrationError
from members.registration.models_of_codes import (
    ChannelCost,
    PrintBatch,
    PrintedCode,
    PrintState,
    RosterBackup,
    RosterChoice,
    RosterCode,
)
from members.registration.printing import SINGLE, order_again, order_prints
from members.registration.rosters import end_roster_code
from members.registration.tablet_prints import as_file
from stores.org.hq import HouseAdmin, HouseInline, ReadOnlyAdmin, ReadOnlyInline, actor_behind

if TYPE_CHECKING:
    _CostForm = forms.ModelForm[ChannelCost]
else:
    _CostForm = forms.ModelForm


def ask_for_print(
    request: HttpRequest, chosen: QuerySet[Any], *, kind: str, back: str
) -> HttpResponse | None:
    """The page between "print these" and the batches: which paper, how many. For admin actions."""
    keys = [int(key) for key in chosen.values_list("pk", flat=True)]
    if "layout" not in request.POST:
        context = {
            **admin.site.each_context(request),
            "title": f"打印选中的 {len(keys)} 个码",
            "layouts": [(key, layout.name) for key, layout in LAYOUTS.items()],
            "keys": keys,
            "action": request.POST.get("action", ""),
            "back": back,
        }
        return TemplateResponse(request, "admin/members/ask_for_print.html", context)
    copies = request.POST.get("copies", "1")
    try:
        made = order_prints(
            keys if kind == "code" else [],
            rosters=keys if kind == "roster" else [],
            layout=request.POST["layout"],
            copies=int(copies) if copies.isascii() and copies.isdigit() else 1,
            account_id=int(request.user.pk or 0),
            by=actor_behind(request),
        )
    except RegistrationError as fault:
        messages.error(request, str(fault))
        return redirect(back)
    if len(made) > 1:
        messages.info(request, f"卡片较多，分成 {len(made)} 份来画。")
        return redirect("admin:members_printbatch_changelist")
    return redirect("admin:members_printbatch_change", made[0].pk)


class RosterBackupInline(HouseInline):
    model = RosterBackup
    autocomplete_fields = ("guide",)
    verbose_name_plural = "没人当班时先找谁（按顺序）"


@admin.register(RosterCode)
class RosterCodeAdmin(HouseAdmin):
    list_display = ("kind", "store", "region", "scene", "campaign", "scans", "is_active")
    list_filter = ("is_active", "kind", "scene", "store__region")
    list_select_related = ("store", "region")
    search_fields = ("store__name", "region__name", "campaign", "cost_centre")
    autocomplete_fields = ("store",)
    inlines = (RosterBackupInline,)
    actions = ("print_them", "end")
    readonly_fields = ("address", "created_at")
    fieldsets = (
        ("扫了以后找谁", {"fields": ("kind", ("store", "region"), "scene")}),
        ("花费怎么算", {"fields": (("campaign", "cost_centre"),)}),
        ("印出来", {"fields": ("address", "created_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request).annotate(led=Count("choices"))
        scope = actor_behind(request).scope
        return found if scope.everything else found.filter(store__in=scope.stores)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        # A printed code stays what it is.
        fixed = () if obj is None else ("kind", "store", "region", "scene", "campaign")
        return (*super().get_readonly_fields(request, obj), *fixed)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.action(description="打印选中的码", permissions=["view"])
    def print_them(self, request: HttpRequest, chosen: QuerySet[RosterCode]) -> Any:
        back = reverse("admin:members_rostercode_changelist")
        return ask_for_print(request, chosen, kind="roster", back=back)

    @admin.action(description="停用选中的码（扫了会提示已失效）", permissions=["change"])
    def end(self, request: HttpRequest, chosen: QuerySet[RosterCode]) -> None:
        ended = [end_roster_code(roster.pk, by=actor_behind(request)) for roster in chosen]
        self.message_user(request, f"停用了 {len(ended)} 个码。")

    @admin.display(description="分配次数")
    def scans(self, roster: Any) -> int:
        return int(roster.led)

    @admin.display(description="网址")
    def address(self, roster: RosterCode) -> str:
        return address_of_roster(roster) if roster.pk else "保存后才有"


@admin.register(RosterChoice)
class RosterChoiceAdmin(ReadOnlyAdmin):
    """Whom each scan led to, and by which rule."""

    store_path = "store"
    list_display = ("at", "roster", "store", "guide", "rule", "on_duty")
    list_filter = ("rule", "store__region", "store")
    list_select_related = ("roster__store", "roster__region", "store", "guide__store")
    ordering = ("-at",)
    date_hierarchy = "at"


class PrintedCodeInline(ReadOnlyInline):
    model = PrintedCode
    fields = readonly_fields = ("channel_code", "roster", "copies")


@admin.register(PrintBatch)
class PrintBatchAdmin(ReadOnlyAdmin):
    """Who printed how many of which codes when; the drawing for a week."""

    list_display = ("made_at", "made_by", "store", "layout_shown", "total", "state", "done")
    list_filter = ("state", "layout", "store__region")
    list_select_related = ("made_by", "store")
    search_fields = ("made_by__name", "store__name", "codes__channel_code__guide__name")
    date_hierarchy = "made_at"
    fields = ("made_at", "made_by", "store", "layout_shown", "total", "state", "done", "pages",
              "file")  # fmt: skip
    readonly_fields = ("layout_shown", "file")
    inlines = (PrintedCodeInline,)
    change_form_outer_before_template = "admin/members/print_progress.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request).defer("pdf")
        scope = actor_behind(request).scope
        if scope.everything:
            return found
        return found.filter(Q(store__in=scope.stores) | Q(made_by=request.user.pk))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/file/", wrap(self.download), name="members_printbatch_file"),
            path("<int:pk>/again/", wrap(self.again), name="members_printbatch_again"),
            *super().get_urls(),
        ]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self._one(request, pk)
        if batch.pdf is None:
            raise Http404
        return as_file(bytes(batch.pdf), "application/pdf", f"codes-{batch.made_at:%Y%m%d}.pdf")

    def again(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self._one(request, pk)
        if request.method == "POST":
            order_again(batch.pk, by=actor_behind(request))
        return redirect("admin:members_printbatch_change", pk)

    def _one(self, request: HttpRequest, pk: int) -> PrintBatch:
        found = self.get_queryset(request).filter(pk=pk).first()
        if found is None or not self.has_view_permission(request, found):
            raise Http404
        batch: PrintBatch = found
        return batch

    @admin.display(description="版式")
    def layout_shown(self, batch: PrintBatch) -> str:
        layout = LAYOUTS.get(batch.layout)
        return layout.name if layout else f"图片（{batch.layout.upper()}）"

    @admin.display(description="文件")
    def file(self, batch: PrintBatch) -> str:
        if batch.layout in SINGLE or batch.state != PrintState.READY:
            return "—"
        return "见上方" if batch.pdf is not None else "已过 7 天，可以再画一次"


class CostForm(_CostForm):
    """A cost as people say it, in yuan; kept in minor units."""

    yuan = forms.DecimalField(
        label="花费（元）", min_value=Decimal("0.01"), max_digits=12, decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )  # fmt: skip

    class Meta:
        model = ChannelCost
        fields = ("channel_code", "roster", "campaign", "cost_centre", "since", "until", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["yuan"] = Decimal(self.instance.amount) / 100

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("yuan") is not None:
            self.instance.amount = int(found["yuan"] * 100)
        return found


@admin.register(ChannelCost)
class ChannelCostAdmin(HouseAdmin):
    form = CostForm
    list_display = ("since", "until", "target", "yuan_shown", "note", "entered_by")
    list_filter = ("campaign", "cost_centre")
    list_select_related = ("channel_code__guide", "roster__store", "roster__region", "entered_by")
    search_fields = ("campaign", "cost_centre", "note", "channel_code__guide__name")
    autocomplete_fields = ("channel_code", "roster")
    list_before_template = "admin/members/effect_link.html"
    fieldsets = (
        ("这笔钱花在哪里（只填一处）",
         {"fields": ("channel_code", "roster", ("campaign", "cost_centre"))}),
        ("花了多少，管哪几天", {"fields": ("yuan", ("since", "until"), "note")}),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        return [
            path("effect/", self.admin_site.admin_view(self.effect), name="members_effect"),
            *super().get_urls(),
        ]

    def save_model(
        self,
        request: HttpRequest,
        obj: ChannelCost,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        if not change:
            obj.entered_by_id = int(request.user.pk or 0)
        super().save_model(request, obj, form, change)

    @admin.display(description="花在哪里")
    def target(self, cost: ChannelCost) -> str:
        return str(cost.channel_code or cost.roster or cost.campaign or cost.cost_centre)

    @admin.display(description="花费", ordering="amount")
    def yuan_shown(self, cost: ChannelCost) -> str:
        return f"¥{cost.amount / 100:,.2f}"

    def effect(self, request: HttpRequest) -> HttpResponse:
        """渠道效果: what the codes brought within some days, as a picture, a table and a file."""
        if not self.has_view_permission(request):
            raise Http404
        since, until = _days(request)
        grouping = request.GET.get("by", "campaign")
        grouping = grouping if grouping in GROUPINGS else "campaign"
        scope = actor_behind(request).scope
        narrow = None if scope.everything else Q(store__in=scope.stores)
        figures = effect_of(since, until, grouping=grouping, scope=narrow)
        if "csv" in request.GET:
            return as_file(
                _csv(figures), "text/csv; charset=utf-8", f"channels-{since}-{until}.csv"
            )
        context = {
            **self.admin_site.each_context(request),
            "title": "渠道效果",
            "figures": figures,
            "rows": figures.rows[:MOST_ROWS],
            "left": max(0, len(figures.rows) - MOST_ROWS),
            "top": max([row.scans for row in figures.rows], default=0),
            "widest": max(figures.total.printed, figures.total.scans),
            "groupings": GROUPINGS.items(),
        }
        return TemplateResponse(request, "admin/members/effect.html", context)


def _days(request: HttpRequest) -> tuple[date, date]:
    """The days asked for, the last thirty without; never more than a year."""
    today = timezone.localdate()
    try:
        since = date.fromisoformat(request.GET.get("since", ""))
        until = date.fromisoformat(request.GET.get("until", ""))
    except ValueError:
        return today - timedelta(days=29), today
    until = max(since, until)
    return max(since, until - timedelta(days=MOST_DAYS - 1)), until


_HEAD = ("名称", "印刷张数", "扫码", "入会", "加好友", "首购人数", "销售额（元）", "花费（元）",
         "每位会员花费（元）", "投入产出")  # fmt: skip


def _csv(figures: Figures) -> bytes:
    """The whole table; a name that looks like a formula stays text."""
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(_HEAD)
    for row in (*figures.rows, figures.total):
        writer.writerow(_cells(row))
    return held.getvalue().encode("utf-8-sig")


def _cells(row: Effect) -> list[str]:
    name = f"'{row.name}" if row.name[:1] in "=+-@\t\r" else row.name
    per, back = row.per_member, row.return_on_cost
    counts = (row.printed, row.scans, row.members, row.friends, row.buyers)
    return [
        name,
        *(str(number) for number in counts),
        f"{row.sales / 100:.2f}",
        f"{row.cost / 100:.2f}",
        "" if per is None else f"{per / 100:.2f}",
        "" if back is None else f"{back:.2f}",
    ]
