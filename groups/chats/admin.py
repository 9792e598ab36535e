"""HQ's view of groups and who is in them: WeCom's list, never edited here."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from groups.chats.handover_pages import group_list_of, settle_groups
from groups.chats.models import Group, GroupMember, GroupTransfer
from stores.org.access import hand_over_for
from stores.org.errors import HandOverError
from stores.org.hq import ReadOnlyAdmin, actor_behind
from stores.org.models import HandOver
from stores.org.queries import successors_for


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    list_display = (
        "name", "owner", "store", "customer_count", "member_count", "state", "read_at",
    )  # fmt: skip
    list_filter = ("state", "store__region", "store")
    list_select_related = ("owner__store", "store")
    search_fields = ("name", "=chat_id", "owner__name")
    ordering = ("name",)


@admin.register(GroupMember)
class GroupMemberAdmin(ReadOnlyAdmin):
    """Stays in groups; names stay masked."""

    list_display = ("group", "name", "is_staff", "is_member", "join_scene", "joined_at", "left_at")
    list_filter = ("is_staff", "join_scene", ("left_at", admin.EmptyFieldListFilter))
    list_select_related = ("group",)
    search_fields = ("group__name", "=person_id")
    date_hierarchy = "joined_at"
    ordering = ("-joined_at",)

    @admin.display(description="会员", boolean=True)
    def is_member(self, row: GroupMember) -> bool:
        return row.member_id is not None


@admin.register(GroupTransfer)
class GroupTransferAdmin(ReadOnlyAdmin):
    """Groups that get another owner; one page for those of a hand-over."""

    list_display = (
        "group", "from_guide", "to_guide", "state", "because", "due_at", "ended_at",
    )  # fmt: skip
    list_filter = ("state", "store")
    list_select_related = ("group", "from_guide__store", "to_guide__store")
    search_fields = ("group__name", "from_guide__name", "to_guide__name")
    ordering = ("-pk",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("of/<int:number>/", view(self.of_page), name="groups_grouptransfer_of"),
            path(
                "of/<int:number>/settle/",
                view(require_POST(self.settle)),
                name="groups_grouptransfer_settle",
            ),
            *super().get_urls(),
        ]

    def of_page(self, request: HttpRequest, number: int) -> HttpResponse:
        """The groups of one hand-over and who owns them."""
        handover, by = self._hand_over(request, number), actor_behind(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{handover} · 客户群",
            "handover": handover,
            **group_list_of(handover),
            "successors": list(successors_for(handover, by.scope)[:200]),
            "may_change": request.user.has_perm("stores.change_handover"),
        }
        return TemplateResponse(request, "admin/groups/handed_over.html", context)

    def settle(self, request: HttpRequest, number: int) -> HttpResponse:
        """What becomes of groups that WeCom refused."""
        handover = self._hand_over(request, number)
        if not request.user.has_perm("stores.change_handover"):
            raise PermissionDenied
        try:
            messages.success(
                request, settle_groups(handover, request.POST, by=actor_behind(request))
            )
        except HandOverError as error:
            messages.error(request, error.text)
        return redirect(reverse("admin:groups_grouptransfer_of", args=[number]))

    def _hand_over(self, request: HttpRequest, number: int) -> HandOver:
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = HandOver.objects.filter(pk=number).values_list("public_id", flat=True).first()
        if key is None:
            raise Http404
        return hand_over_for(actor_behind(request), key)
