"""HQ's tags: what guides may put on and what it is good for; a rule with a count before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

from members.tags.actions import carry_out_rule
from members.tags.catalogue import retire_tag, save_group, save_tag
from members.tags.errors import TagUnfit
from members.tags.models import Tag, TagGroup, TagSource
from members.tags.queries import check_rule, preview
from members.tags.rules import fault_of_rule
from members.tags.sharing import must_be_shareable
from stores.tablet.hq import HouseAdmin, actor_behind

if TYPE_CHECKING:
    _TagForm = forms.ModelForm[Tag]
else:
    _TagForm = forms.ModelForm


@admin.register(TagGroup)
class TagGroupAdmin(HouseAdmin):
    list_display = ("name", "source", "position", "retired_at")
    fields = ("name", "position")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_wecoms = isinstance(obj, TagGroup) and obj.source == TagSource.WECOM
        return not is_wecoms and super().has_change_permission(request, obj)

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        key = obj.pk if change else None
        saved = save_group(key, name=obj.name, position=obj.position, by=actor_behind(request))
        obj.pk = saved.pk


def _is_wecoms(obj: Any) -> bool:
    """A tag that was made inside WeCom: there it is renamed and deleted."""
    is_kept = isinstance(obj, Tag) and obj.pk is not None
    return bool(is_kept and obj.group.source == TagSource.WECOM)


class TagForm(_TagForm):
    """Says what is wrong beside the field, before anything is saved."""

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"].strip()
        if not reason:
            raise forms.ValidationError("请写明用途：会员能在自己的资料副本里看到。")
        return reason

    def clean_rule(self) -> Any:
        rule = self.cleaned_data["rule"]
        if not rule:
            return None
        fault = fault_of_rule(rule)
        try:
            check_rule(rule)
        except ValueError as error:
            fault = fault or str(error)
        if fault:
            raise forms.ValidationError(fault)
        return rule

    def clean_group(self) -> TagGroup:
        group: TagGroup = self.cleaned_data["group"]
        if group.source == TagSource.WECOM and not _is_wecoms(self.instance):
            raise forms.ValidationError("企业微信的标签组里，请在企业微信管理后台新建标签。")
        return group

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        name, group = found.get("name"), found.get("group")
        if found.get("is_shared") and name and group and self.instance.wecom_name != name:
            try:
                must_be_shareable(group, name)
            except TagUnfit as fault:
                self.add_error("is_shared", str(fault))
        return found


@admin.register(Tag)
class TagAdmin(HouseAdmin):
    form = TagForm
    list_display = ("name", "group", "is_offered", "held_by", "at_wecom", "by_rule", "evaluated_at")
    list_filter = ("group", "is_offered", "is_shared")
    search_fields = ("name",)
    list_select_related = ("group",)
    readonly_fields = ("meant_now", "at_wecom", "counted", "evaluated_at", "retired_at")
    actions = ("carry_out_now", "retire")

    class Media:
        css = {"all": ("audience/builder.css",)}  # noqa: RUF012 - Django's own form
        js = ("audience/builder.js",)

    def get_form(  # type: ignore[override]
        self, request: HttpRequest, obj: Any = None, **options: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, **options)
        if "rule" in form.base_fields:
            form.base_fields["rule"] = import_string(settings.AUDIENCE_RULES["field"])()
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        shown: list[Any] = [
            ("标签", {"fields": (("name", "group"), "reason", ("is_offered", "position"))}),
            (
                "按规则",
                {"fields": ("rule",), "description": "和人群的条件一样；每天夜里计算。"},
            ),
        ]
        if not _is_wecoms(obj):
            shown.insert(
                1,
                (
                    "企业微信",
                    {
                        "fields": ("is_shared",) if obj is None else (("is_shared", "at_wecom"),),
                        "description": "打开后，企业微信里也有这个标签，导购在哪边打都一样；"
                        "关掉就从企业微信删除，会员在这里的标签不变。",
                    },
                ),
            )
        if obj is not None:
            shown[-1][1]["fields"] = ("rule", "meant_now", ("counted", "evaluated_at"))
        return shown

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "name", "group", "position"] if _is_wecoms(obj) else fixed

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).annotate(held=Count("holders"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        saved = save_tag(
            obj.pk if change else None,
            group_id=obj.group_id,
            name=obj.name,
            reason=obj.reason,
            rule=obj.rule,
            is_offered=obj.is_offered,
            is_shared=obj.is_shared,
            position=obj.position,
            by=actor_behind(request),
        )
        obj.pk = saved.pk

    @admin.display(description="持有会员", ordering="held")
    def held_by(self, tag: Tag) -> int:
        return int(getattr(tag, "held", 0))

    @admin.display(description="企业微信")
    def at_wecom(self, tag: Tag) -> str:
        if tag.wish:
            return "正在同步"
        if tag.wecom_tag_id is not None:
            return "已同步" if tag.is_shared else "企业微信的标签"
        return tag.share_fault or "—"

    @admin.display(description="怎么打")
    def by_rule(self, tag: Tag) -> str:
        return "导购打" if tag.rule is None else "按规则"

    @admin.display(description="规则现在指的人")
    def meant_now(self, tag: Tag) -> str:
        if tag.rule is None:
            return "没有规则"
        try:
            meant, allowed = preview(tag.rule, timezone.now())
        except ValueError as fault:
            return str(fault)
        return f"符合 {meant:,} 位，其中同意“按我的喜好推荐”的 {allowed:,} 位会打上"

    @admin.action(description="现在按规则计算", permissions=["change"])
    def carry_out_now(self, request: HttpRequest, chosen: QuerySet[Tag]) -> None:
        keys = [tag.pk for tag in chosen if tag.rule is not None and tag.retired_at is None]
        changed = sum(carry_out_rule(key) for key in keys)
        messages.success(request, f"已计算 {len(keys)} 个标签，{changed:,} 处变化。")

    @admin.action(description="停用", permissions=["change"])
    def retire(self, request: HttpRequest, chosen: QuerySet[Tag]) -> None:
        for tag in chosen:
            try:
                retire_tag(tag.pk, by=actor_behind(request))
            except TagUnfit as fault:
                messages.error(request, f"{tag.name}：{fault}")
            else:
                messages.success(request, f"{tag.name}：已停用，会员身上的也去掉了。")
