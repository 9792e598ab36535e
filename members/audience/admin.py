"""HQ's screen for audiences: the rule, and how many it means right now."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from members.audience.actions import save_audience
from members.audience.models import Audience
from members.audience.queries import funnel_of, members_in
from members.audience.rules import TERMS, BrokenRule
from members.consent.models import Purpose
from stores.org.hq import HouseAdmin, actor_behind
from stores.org.models import LegalEntity

_HOW = "写法：{}；用 all、any、not 组合。空对象 {{}} 表示全部会员。".format(
    "、".join(f"{name}（{wanted}）" for name, (_, wanted) in TERMS.items())
)


@admin.register(Audience)
class AudienceAdmin(HouseAdmin):
    list_display = ("name", "version", "meant_now", "changed_at")
    search_fields = ("name",)
    readonly_fields = ("version", "meant_now", "funnel", "changed_at")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        shown: list[Any] = [
            ("是哪些人", {"fields": ("name", "rule"), "description": _HOW}),
        ]
        if obj is not None:
            fields = (("meant_now", "version"), "funnel", "changed_at")
            shown.append(("现在有多少", {"fields": fields}))
        return shown

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

    @admin.display(description="现在人数")
    def meant_now(self, audience: Audience) -> str:
        try:
            return str(members_in(audience, timezone.now()).count())
        except BrokenRule as fault:
            return str(fault)

    @admin.display(description="一对一消息能到多少人")
    def funnel(self, audience: Audience) -> SafeString:
        """For each entity: meant, allowed to be written to, friends of a guide."""
        now = timezone.now()
        rows = []
        for entity in LegalEntity.objects.order_by("pk"):
            found = funnel_of(audience, Purpose.DIRECT_MARKETING, at=now, entity=entity)
            rows.append((entity.name, found.in_entity, found.permitted, found.reachable))
        return format_html_join(
            "", "<p>{}：符合 {} 人，其中同意 {} 人，已加企微能送达 {} 人</p>", rows
        )
