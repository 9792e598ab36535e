"""HQ's screens for notices and for the consent log, which nobody changes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from members.consent.actions import publish_notice
from members.consent.errors import ConsentError
from members.consent.models import ConsentEvent, ConsentProof, ConsentState, Notice
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, ReadOnlyInline, actor_behind


@admin.register(Notice)
class NoticeAdmin(HouseAdmin):
    list_display = ("title", "version", "entity", "published_at")
    list_filter = ("entity",)
    search_fields = ("title", "summary", "body")
    ordering = ("entity", "-version")
    actions = ("publish",)
    readonly_fields = ("published_at", "sha256")
    fieldsets = (
        ("谁的告知，第几版", {"fields": (("entity", "version"), "title")}),
        ("会员看到什么", {"fields": ("summary", "body", "items")}),
        ("发布", {"fields": ("published_at", "sha256")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_published(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_published(obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # A published notice cannot be deleted, so the button over all of them only fails.
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    @admin.action(description="发布选中的告知（发布后不能再改）", permissions=["change"])
    def publish(self, request: HttpRequest, chosen: QuerySet[Notice]) -> None:
        for notice in chosen.order_by("version"):
            try:
                publish_notice(notice.pk, by=actor_behind(request))
            except ConsentError as fault:
                self.message_user(request, f"{notice}：{fault}", messages.ERROR)
            else:
                self.message_user(request, f"{notice}：已发布。")


class ProofInline(ReadOnlyInline):
    model = ConsentProof
    fields = readonly_fields = ("user_agent",)
    verbose_name_plural = "凭证（IP 与签名加密保存，不显示）"


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "member", "purpose", "channel", "decision", "method", "notice", "guide")
    list_filter = ("purpose", "decision", "method", "store")
    list_select_related = ("member", "notice", "guide__store")
    search_fields = ("member__card_no",)
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    inlines = (ProofInline,)


@admin.register(ConsentState)
class ConsentStateAdmin(ReadOnlyAdmin):
    list_display = ("member", "purpose", "channel", "is_granted", "since")
    list_filter = ("purpose", "is_granted")
    list_select_related = ("member",)
    search_fields = ("member__card_no",)


def _is_published(notice: Model | None) -> bool:
    return isinstance(notice, Notice) and notice.published_at is not None
