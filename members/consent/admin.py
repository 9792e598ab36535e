"""HQ's screens for notices and for the consent log, which nobody changes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from members.consent.errors import ConsentError
from members.consent.models import ConsentEvent, ConsentProof, ConsentState, Notice
from members.consent.noticing import publish_notice
from members.consent.queries import preview_of
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, ReadOnlyInline, actor_behind


@admin.register(Notice)
class NoticeAdmin(HouseAdmin):
    """A draft is written in the form, looked at as a member sees it, and published from there."""

    list_display = ("title", "version", "entity", "published_at", "renotice", "look")
    list_filter = ("entity",)
    search_fields = ("title", "summary", "body")
    ordering = ("entity", "-version")
    readonly_fields = ("published_at", "sha256", "adds", "look")
    fieldsets = (
        ("谁的告知，第几版", {"fields": (("entity", "version"), "title")}),
        ("会员看到什么", {"fields": ("summary", "body", "items", "asks_birth_year")}),
        ("发布", {"fields": ("renotice", "adds", "published_at", "sha256", "look")}),
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

    @admin.display(description="预览与发布")
    def look(self, notice: Notice) -> str:
        if notice._state.adding:
            return "保存草稿后可以预览"
        address = reverse("admin:members_notice_preview", args=[notice.pk])
        return format_html('<a href="{}">预览、对照、发布</a>', address)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:number>/preview/", view(self.preview), name="members_notice_preview"),
            path(
                "<int:number>/publish/",
                view(require_POST(self.publish)),
                name="members_notice_publish",
            ),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, number: int) -> HttpResponse:
        """As she will read it, and what changed since the version that she reads now."""
        notice = self._notice(request, number)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{notice.title} 第 {notice.version} 版",
            "notice": notice,
            "preview": preview_of(notice),
            "may_publish": notice.published_at is None
            and self.has_change_permission(request, notice),
        }
        return TemplateResponse(request, "admin/consent/preview.html", context)

    def publish(self, request: HttpRequest, number: int) -> HttpResponse:
        """For good, after it was looked at."""
        notice = self._notice(request, number)
        if not self.has_change_permission(request, notice):
            raise PermissionDenied
        try:
            publish_notice(notice.pk, by=actor_behind(request))
        except ConsentError as fault:
            self.message_user(request, f"{notice}：{fault}", messages.ERROR)
        else:
            self.message_user(request, f"{notice}：已发布，以后不能再改。")
        return redirect("admin:members_notice_preview", notice.pk)

    def _notice(self, request: HttpRequest, number: int) -> Notice:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found: Notice | None = self.get_queryset(request).filter(pk=number).first()
        if found is None:
            raise Http404
        return found


class ProofInline(ReadOnlyInline):
    model = ConsentProof
    fields = readonly_fields = ("user_agent", "proven_by")
    verbose_name_plural = "凭证（IP 与签名加密保存，不显示）"
    when_empty = "这一次没有留下凭证。"


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "member", "purpose", "channel", "decision", "method", "notice", "guide")
    list_filter = ("purpose", "decision", "method", "store")
    list_select_related = ("member", "notice", "guide__store")
    search_fields = ("=member__card_no",)
    search_help_text = "会员卡号"
    date_hierarchy = "at"
    ordering = ("-pk",)
    inlines = (ProofInline,)


@admin.register(ConsentState)
class ConsentStateAdmin(ReadOnlyAdmin):
    list_display = ("member", "purpose", "channel", "is_granted", "since")
    list_filter = ("purpose", "is_granted")
    list_select_related = ("member",)
    search_fields = ("=member__card_no",)
    search_help_text = "会员卡号"


def _is_published(notice: Model | None) -> bool:
    return isinstance(notice, Notice) and notice.published_at is not None
