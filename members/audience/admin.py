"""HQ's screen for audiences: a builder for the rule, a live count, who falls out, every version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from kit.actor import Actor, names_of_actors
from members.audience.actions import save_audience
from members.audience.builder import RuleField, offered
from members.audience.models import Audience, AudienceCheck
from members.audience.queries import count, descent, names_of, sample
from members.audience.rules import BrokenRule, check_rule, is_personal, schema
from members.audience.words import say
from members.consent.models import Purpose
from members.identity.models import Member
from stores.catalogue.models import Product
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, actor_behind, masked
from stores.org.models import Guide

_MOST_OFFERED = 20
if TYPE_CHECKING:
    _Form = ModelForm[Audience]
else:
    _Form = ModelForm


@dataclass(frozen=True, slots=True)
class Shown:
    """A member of the sample as HQ sees her."""

    name: str
    member: Member


class AudienceForm(_Form):
    """Name and rule; the rule by the builder."""

    rule = RuleField()

    class Meta:
        model = Audience
        fields = ("name", "rule")


@admin.register(Audience)
class AudienceAdmin(HouseAdmin):
    form = AudienceForm
    list_display = ("name", "reads", "version", "meant_now", "changed_at")
    search_fields = ("name",)
    readonly_fields = ("versions",)
    list_per_page = 20
    change_form_outer_before_template = "admin/members/audience_ways.html"

    class Media:
        css = {"all": ("audience/builder.css",)}  # noqa: RUF012 - Django's own form
        js = ("audience/builder.js",)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        shown: list[Any] = [("是哪些人", {"fields": ("name", "rule")})]
        if obj is not None:
            shown.append(("改过几次", {"fields": ("versions",)}))
        return shown

    def get_form(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        form = super().get_form(request, *args, **options)
        form.base_fields["rule"].widget.offered = offered()
        return form

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        saved = save_audience(
            obj.pk if change else None, name=obj.name, rule=obj.rule, by=actor_behind(request)
        )
        obj.pk, obj.version = saved.pk, saved.version

    @admin.display(description="读作")
    def reads(self, audience: Audience) -> str:
        return say(audience.rule, names_of(audience.rule))

    @admin.display(description="现在人数")
    def meant_now(self, audience: Audience) -> str:
        try:
            return f"{count(audience.rule, by=self._by).number:,}"
        except BrokenRule as fault:
            return str(fault)

    @admin.display(description="每一版")
    def versions(self, audience: Audience) -> SafeString:
        rows = list(audience.versions.order_by("-number")[:50])
        if not rows:
            return format_html("<p>{}</p>", "还没有在这里改过；下次保存起，每一版都记在这里。")
        names = names_of_actors(row.saved_by for row in rows)
        lines = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            (
                (row.number, row.words, row.difference, names[row.saved_by],
                 f"{timezone.localtime(row.saved_at):%Y-%m-%d %H:%M}")
                for row in rows
            ),
        )  # fmt: skip
        return format_html(
            '<table class="rule-versions"><thead><tr><th>版本</th><th>读作</th><th>改了什么</th>'
            "<th>谁</th><th>时间</th></tr></thead><tbody>{}</tbody></table>",
            lines,
        )

    # ------------------------------------------------------------ what the builder asks

    def get_urls(self) -> list[URLPattern]:
        def at(address: str, name: str, view: Any) -> URLPattern:
            wrapped = self.admin_site.admin_view(view)
            return path(f"{address}/", wrapped, name=f"members_audience_{name}")

        return [
            at("count", "live", require_POST(self.live)),
            at("schema", "schema", require_GET(self.schema)),
            at("guides", "guides", require_GET(self.guides)),
            at("goods", "goods", require_GET(self.goods)),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        self._by = actor_behind(request)
        return super().changelist_view(request, extra_context)

    def live(self, request: HttpRequest) -> HttpResponse:
        """How many, who falls out, how it reads, some of them: for the rule being typed."""
        self._must_see(request)
        by = actor_behind(request)
        try:
            rule = json.loads(request.POST.get("rule") or "{}")
            check_rule(rule)
        except (BrokenRule, ValueError) as fault:
            text = str(fault) if isinstance(fault, BrokenRule) else "条件不是完整的 JSON。"
            return TemplateResponse(request, "admin/members/rule_live.html", {"fault": text})
        if request.GET.get("of") == "tag":
            return TemplateResponse(request, "admin/members/rule_of_tag.html", _for_tag(rule, by))
        shown = {
            "words": say(rule, names_of(rule)),
            "count": count(rule, by=by),
            "descent": descent(rule, by=by),
            "is_personal": is_personal(rule),
        }
        if request.POST.get("sample"):
            shown["people"] = [_masked(one) for one in sample(rule, by=by)]
        return TemplateResponse(request, "admin/members/rule_live.html", shown)

    def schema(self, request: HttpRequest) -> JsonResponse:
        """The JSON schema of a rule."""
        self._must_see(request)
        return JsonResponse(schema(), json_dumps_params={"ensure_ascii": False, "indent": 2})

    def guides(self, request: HttpRequest) -> JsonResponse:
        """Guides of the account's stores by name or number, for the picker."""
        self._must_see(request)
        asked, scope = request.GET.get("q", "").strip(), actor_behind(request).scope
        found = Guide.objects.select_related("store").filter(left_on=None)
        if not scope.everything:
            found = found.filter(store__in=scope.stores)
        if asked:
            found = found.filter(Q(name__icontains=asked) | Q(employee_no__istartswith=asked))
        chosen = found.order_by("employee_no")[:_MOST_OFFERED]
        return _choices((one.employee_no, f"{one.name} · {one.store.name}") for one in chosen)

    def goods(self, request: HttpRequest) -> JsonResponse:
        """Goods by name or number, for the picker."""
        self._must_see(request)
        asked = request.GET.get("q", "").strip()
        found = Product.objects.filter(Q(name__icontains=asked) | Q(sku__istartswith=asked))
        chosen = found.order_by("sku")[:_MOST_OFFERED]
        return _choices((one.sku, f"{one.sku} {one.name}") for one in chosen)

    def _must_see(self, request: HttpRequest) -> None:
        # Tags have rules too, and an account of their own may build them.
        if not self.has_view_permission(request) and not request.user.has_perm(
            "members.change_tag"
        ):
            raise PermissionDenied


def _for_tag(rule: Any, by: Actor) -> dict[str, Any]:
    """What a tag's rule means now: how many, and how many of them may be tagged."""
    may_be = {"consent": Purpose.PROFILING.value}
    return {
        "words": say(rule, names_of(rule)) if rule else "",
        "meant": count(rule, by=by).number if rule else 0,
        "tagged": count({"all": [rule, may_be]}, by=by).number if rule else 0,
    }


def _masked(member: Member) -> Shown:
    name = masked(member.name) or f"会员 …{member.card_no[-4:]}"
    return Shown(name, member)


def _choices(pairs: Any) -> JsonResponse:
    return JsonResponse({"choices": [{"value": value, "label": label} for value, label in pairs]})


@admin.register(AudienceCheck)
class AudienceCheckAdmin(ReadOnlyAdmin):
    """Each night's comparison of the bitmaps with the tables."""

    list_display = ("at", "members", "facets", "megabytes", "seconds", "differing")
    date_hierarchy = "at"

    @admin.display(description="不一致的特征")
    def differing(self, row: AudienceCheck) -> str:
        return "没有" if not row.differences else f"{len(row.differences)} 个，已重读"
