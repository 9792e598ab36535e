"""HQ's view of groups and who is in them: WeCom's list, never edited here."""

from __future__ import annotations

from django.contrib import admin

from groups.chats.models import Group, GroupMember
from stores.org.hq import ReadOnlyAdmin


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
