"""HQ's screens for points, tiers and an outside master."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from members.rewards.adjusting import (
    ask_adjustment,
    decide_adjustment,
    set_points_rule,
    set_tier_rule,
)
from members.rewards.errors import RewardsError
from members.rewards.models import (
    CouponUse,
    OutsideBalance,
    OutsideDifference,
    OutsideMaster,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    PointsProposal,
    PointsRule,
    TierRule,
    TierStanding,
)
from members.rewards.rules import faults_of_rates, faults_of_thresholds, source_in_words
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, ReadOnlyInline, actor_behind


class _Versioned(HouseAdmin):
    """A rule is added as a new version and never changed."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PointsRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_rates(self) -> Any:
        fault = faults_of_rates(self.cleaned_data["rates"])
        if fault:
            raise forms.ValidationError(fault)
        return self.cleaned_data["rates"]


@admin.register(PointsRule)
class PointsRuleAdmin(_Versioned):
    form = PointsRuleForm
    list_display = ("entity", "version", "rates", "pending_days", "valid_days", "alone_up_to",
                    "since")  # fmt: skip
    list_filter = ("entity",)
    fields = ("entity", "rates", "pending_days", "valid_days", "alone_up_to")

    def save_model(
        self,
        request: HttpRequest,
        obj: PointsRule,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        made = set_points_rule(
            obj.entity_id,
            rates=obj.rates,
            pending_days=obj.pending_days,
            valid_days=obj.valid_days,
            alone_up_to=obj.alone_up_to,
            by=actor_behind(request),
        )
        obj.pk, obj.version = made.pk, made.version


class TierRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_thresholds(self) -> Any:
        fault = faults_of_thresholds(self.cleaned_data["thresholds"])
        if fault:
            raise forms.ValidationError(fault)
        return self.cleaned_data["thresholds"]


@admin.register(TierRule)
class TierRuleAdmin(_Versioned):
    form = TierRuleForm
    list_display = ("entity", "version", "thresholds", "months", "warning_days", "since")
    list_filter = ("entity",)
    fields = ("entity", "thresholds", "months", "warning_days")

    def save_model(
        self,
        request: HttpRequest,
        obj: TierRule,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        made = set_tier_rule(
            obj.entity_id,
            thresholds=obj.thresholds,
            months=obj.months,
            warning_days=obj.warning_days,
            by=actor_behind(request),
        )
        obj.pk, obj.version = made.pk, made.version


class EntryInline(ReadOnlyInline):
    model = PointsEntry
    fields = readonly_fields = (
        "kind",
        "points",
        "pending",
        "owed",
        "came_from",
        "at",
        "expires_on",
    )
    ordering = ("-at", "-pk")
    when_empty = "还没有积分变动。"

    @admin.display(description="来源")
    def came_from(self, row: PointsEntry) -> str:
        return source_in_words(row.source)


@admin.register(PointsAccount)
class PointsAccountAdmin(ReadOnlyAdmin):
    list_display = ("member", "balance", "pending", "owed", "opened_at")
    list_select_related = ("member",)
    search_fields = ("=member__card_no",)
    inlines = (EntryInline,)


@admin.register(PointsEntry)
class PointsEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "card_no", "kind", "points", "pending", "owed", "came_from", "actor")
    list_filter = ("kind",)
    list_select_related = ("account__member",)
    search_fields = ("=account__member__card_no", "=source")
    search_help_text = "会员卡号，或来源"
    date_hierarchy = "at"

    @admin.display(description="会员")
    def card_no(self, row: PointsEntry) -> str:
        return row.account.member.card_no

    @admin.display(description="来源", ordering="source")
    def came_from(self, row: PointsEntry) -> str:
        return source_in_words(row.source)


@admin.register(PointsAdjustment)
class PointsAdjustmentAdmin(HouseAdmin):
    list_display = ("member", "points", "state", "asked_by", "asked_at", "decided_by",
                    "decided_at")  # fmt: skip
    list_filter = (("decided_at", admin.EmptyFieldListFilter), "is_approved", "wants_second")
    list_select_related = ("member",)
    search_fields = ("=member__card_no",)
    autocomplete_fields = ("member",)
    actions = ("approve", "refuse")
    fields = (("member", "points"), ("state", "reason"), ("asked_by", "asked_at"),
              ("decided_by", "decided_at"))  # fmt: skip
    readonly_fields = ("state",)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        if obj is None:
            return PointsAdjustmentForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("member", "points", "said")})]
        return super().get_fieldsets(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: PointsAdjustment,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        try:
            made = ask_adjustment(
                obj.member_id,
                points=obj.points,
                reason=form.cleaned_data["said"],
                by=actor_behind(request),
            )
        except RewardsError as fault:
            messages.error(request, str(fault))
            return
        obj.pk = made.pk
        if made.wants_second:
            messages.warning(request, "超过单人上限，等另一位同事复核后生效。")

    @admin.display(description="进度", ordering="decided_at")
    def state(self, row: PointsAdjustment) -> str:
        if row.decided_at is None:
            return "等另一位同事复核" if row.wants_second else "等待生效"
        return "已生效" if row.is_approved else "未通过"

    @admin.action(description="复核通过", permissions=["change"])
    def approve(self, request: HttpRequest, rows: QuerySet[PointsAdjustment]) -> None:
        self._decide(request, rows, approve=True)

    @admin.action(description="不通过", permissions=["change"])
    def refuse(self, request: HttpRequest, rows: QuerySet[PointsAdjustment]) -> None:
        self._decide(request, rows, approve=False)

    def _decide(
        self, request: HttpRequest, rows: QuerySet[PointsAdjustment], *, approve: bool
    ) -> None:
        for row in rows:
            try:
                decide_adjustment(row.pk, approve=approve, by=actor_behind(request))
            except RewardsError as fault:
                messages.error(request, f"{row}：{fault}")


class PointsAdjustmentForm(forms.ModelForm):  # type: ignore[type-arg]
    said = forms.CharField(label="原因", max_length=200)

    class Meta:
        model = PointsAdjustment
        fields = ("member", "points")


@admin.register(TierStanding)
class TierStandingAdmin(ReadOnlyAdmin):
    list_display = ("member", "tier", "spent_minor", "since", "falls_on", "falls_to")
    list_filter = ("tier", ("falls_on", admin.EmptyFieldListFilter))
    list_select_related = ("member",)
    search_fields = ("=member__card_no",)


@admin.register(CouponUse)
class CouponUseAdmin(ReadOnlyAdmin):
    list_display = ("coupon", "store", "receipt_no", "at", "reversed_at")
    list_filter = ("store", ("reversed_at", admin.EmptyFieldListFilter))
    list_select_related = ("coupon", "store")
    search_fields = ("=coupon__number",)
    search_help_text = "券号"
    date_hierarchy = "at"


@admin.register(OutsideMaster)
class OutsideMasterAdmin(HouseAdmin):
    list_display = ("name", "entity", "source", "owns_points", "owns_tiers", "since")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OutsideBalance)
class OutsideBalanceAdmin(ReadOnlyAdmin):
    list_display = ("member", "source", "sequence", "points", "tier", "told_at")
    list_select_related = ("member",)
    search_fields = ("=member__card_no",)


@admin.register(PointsProposal)
class PointsProposalAdmin(ReadOnlyAdmin):
    list_display = ("member", "points", "source", "at", "fetched_at")
    list_filter = ("entity", ("fetched_at", admin.EmptyFieldListFilter))
    list_select_related = ("member",)
    search_fields = ("=member__card_no",)


@admin.register(OutsideDifference)
class OutsideDifferenceAdmin(ReadOnlyAdmin):
    """The report of the nightly comparison: what stands, newest first."""

    list_display = ("member", "what", "ours", "theirs", "found_at", "ended_at")
    list_filter = ("what", "entity", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("member",)
    search_fields = ("=member__card_no",)
    date_hierarchy = "found_at"
