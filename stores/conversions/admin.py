"""HQ looks at credits, proposes rules, and approves those of somebody else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from kit.actor import Actor
from kit.money import shown
from stores.conversions.actions import approve_rule, propose_rule
from stores.conversions.errors import NothingToTry, OwnRule, TooLate, Untried
from stores.conversions.explanations import rule_in_words, tag_of
from stores.conversions.models import Credit, CreditRule
from stores.conversions.rules import FIRST_TERMS, BadTerms, read_terms
from stores.conversions.trial_page import trial_page
from stores.conversions.trying import TRIED_OVER, begin_trial
from stores.ledger.admin import ByReceipt, with_names
from stores.org.acted import named
from stores.org.hq import HouseAdmin, actor_behind
from stores.org.models import Account


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The terms as they will be read; a rule that cannot be read is never written down."""

    class Meta:
        model = CreditRule
        fields = ("name", "effective_from", "terms")

    def clean_terms(self) -> object:
        terms: object = self.cleaned_data["terms"]
        try:
            read_terms(terms)
        except BadTerms as error:
            raise ValidationError(str(error)) from error
        return terms


@admin.register(CreditRule)
class CreditRuleAdmin(HouseAdmin):
    """A rule is never changed: another one follows it. Whoever proposes does not approve."""

    form = RuleForm
    list_display = ("name", "effective_from", "in_words", "approved_at", "approved_by")
    list_filter = (("approved_at", admin.EmptyFieldListFilter),)
    list_select_related = ("approved_by",)
    search_fields = ("name",)
    ordering = ("-effective_from", "-id")
    change_form_outer_before_template = "admin/stores/rule_approval.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        rule = (("name", "effective_from"), "terms")
        if obj is None:
            return (("从什么时候起，订单怎样归属", {"fields": rule}),)
        return (
            ("从什么时候起，订单怎样归属", {"fields": (*rule, "in_words")}),
            ("谁提出、谁批准", {"fields": (("proposer", "approved_by", "approved_at"),)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("in_words", "proposer", "approved_by", "approved_at")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"terms": FIRST_TERMS}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="提出者")
    def proposer(self, rule: CreditRule) -> str:
        return named(rule.proposed_by)

    @admin.display(description="用话来说")
    def in_words(self, rule: CreditRule) -> str:
        return "；否则".join(rule_in_words(read_terms(rule.terms))) + "。"

    def save_model(
        self,
        request: HttpRequest,
        obj: CreditRule,
        form: ModelForm[CreditRule],
        change: bool,  # noqa: FBT001
    ) -> None:
        made = propose_rule(
            name=obj.name,
            terms=obj.terms,
            effective_from=obj.effective_from,
            by=actor_behind(request),
        )
        obj.pk = made.pk
        now = timezone.now()
        with suppress(NothingToTry):
            begin_trial(made, since=now - TRIED_OVER, until=now, by=Actor.system("rule proposed"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        rule = CreditRule.objects.filter(pk=object_id).first() if object_id else None
        seen = trial_page(rule) if rule is not None else {}
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **seen}
        )

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<int:rule_id>/approve/",
            self.admin_site.admin_view(require_POST(self.approve)),
            name="stores_creditrule_approve",
        )
        return [own, *super().get_urls()]

    def approve(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        """Approve; whoever proposed it is refused, and so is a rule that would reach back."""
        rule = get_object_or_404(CreditRule, pk=rule_id)
        account = request.user
        if not isinstance(account, Account) or not self.has_add_permission(request):
            return redirect(reverse("admin:stores_creditrule_changelist"))
        try:
            approve_rule(rule, account=account, by=actor_behind(request))
            messages.success(request, "已批准，从生效时间起的订单按这条规则归属。")
        except (OwnRule, TooLate, Untried) as error:
            messages.error(request, str(error.__doc__))
        return redirect(reverse("admin:stores_creditrule_change", args=[rule_id]))


@admin.register(Credit)
class CreditAdmin(ByReceipt):
    list_display = (
        "sold_at", "guide", "store", "amount_shown", "why", "receipt_no", "line", "sku",
        "refund_of",
    )  # fmt: skip
    list_display_links = ("receipt_no",)
    list_filter = ("reason", "was_open", "rule")
    list_select_related = ("rule",)
    search_fields = ("=member_no",)
    ordering = ("-id",)
    fields = (
        ("receipt_no", "line"),
        ("sold_at", "source"),
        ("sku", "quantity"),
        ("line_amount", "refund_of"),
        ("guide", "store"),
        ("amount_shown", "kept"),
        ("why", "rule"),
        ("was_open", "judged_at"),
    )
    readonly_fields = ("guide", "store", "amount_shown", "why")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credit]:
        return with_names(super().get_queryset(request), guide="guide_no", store="store_no")

    @admin.display(description="导购")
    def guide(self, row: Any) -> str:
        return getattr(row, "guide_name", None) or "—"

    @admin.display(description="门店")
    def store(self, row: Any) -> str:
        return getattr(row, "store_name", None) or "—"

    @admin.display(description="归属金额", ordering="amount")
    def amount_shown(self, row: Credit) -> str:
        return shown(row.amount, row.currency)

    @admin.display(description="为什么", ordering="reason")
    def why(self, row: Credit) -> str:
        return tag_of(row.reason)
