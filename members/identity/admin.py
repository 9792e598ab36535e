"""HQ's screens for members, contacts and suggestions. Phones are masked, identifiers not shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from members.identity.models import Contact, Friendship, Identity, Member, Suggestion
from members.identity.queries import called, digest_of
from members.identity.rules import masked_phone, read_phone
from stores.org.hq import ReadOnlyAdmin, ReadOnlyInline
from stores.org.models import LegalEntity


class IdentityInline(ReadOnlyInline):
    model = Identity
    fields = readonly_fields = ("kind", "verified_at", "created_at")
    verbose_name_plural = "账号标识（值不显示）"
    when_empty = "没有账号标识。"


class FriendshipInline(ReadOnlyInline):
    model = Friendship
    fields = readonly_fields = ("guide", "state", "add_way", "since", "until", "ended_by")
    when_empty = "没有好友记录。"


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ("card_no", "called", "phone_masked", "tier", "state", "home_store", "owner",
                    "joined_at")  # fmt: skip
    list_display_links = ("card_no", "called")
    list_filter = ("state", "tier", "entity", "home_store__region", "home_store")
    list_select_related = ("home_store", "owner__store")
    search_fields = ("=card_no",)
    search_help_text = "会员卡号，或完整手机号"
    # By her number, which grows with time: by the day she joined, all would have to be sorted.
    ordering = ("-pk",)
    inlines = (IdentityInline,)
    fields = ("card_no", "called", "phone_masked", "whole_phone", "tier", "state", "entity",
              "home_store", "owner", "joined_at", "left_at")  # fmt: skip
    readonly_fields = ("called", "phone_masked", "whole_phone")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A whole phone is found by its blind index; nothing else of it can be searched."""
        phone = read_phone(search_term)
        if phone is None:
            return super().get_search_results(request, queryset, search_term)
        digests = [digest_of("phone", phone, entity) for entity in LegalEntity.objects.all()]
        return queryset.filter(identities__kind="phone", identities__digest__in=digests), False

    @admin.display(description="称呼")
    def called(self, member: Member) -> str:
        return called(member)

    @admin.display(description="手机号")
    def phone_masked(self, member: Member) -> str:
        return masked_phone(member.phone) or "—"

    @admin.display(description="完整手机号")
    def whole_phone(self, member: Member) -> str:
        address = f"{reverse('admin:members_accesslog_reveal')}?member={member.pk}"
        return format_html('<a href="{}">选一个理由再看，会记下来</a>', address)


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin):
    """That identifiers exist and since when; never which."""

    list_display = ("kind", "member", "entity", "verified_at", "created_at")
    list_filter = ("kind", "entity")
    list_select_related = ("member", "entity")
    search_fields = ("=member__card_no",)
    fields = ("kind", "member", "entity", "verified_at", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ("name", "guide", "member", "joined_by", "read_at")
    list_filter = ("joined_by", "entity", ("member", admin.EmptyFieldListFilter))
    list_select_related = ("guide__store", "member")
    search_fields = ("=external_userid", "=member__card_no")
    search_help_text = "企微客户 ID 或会员卡号"
    fields = ("name", "guide", "member", "joined_by", "entity", "read_at")
    inlines = (FriendshipInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self._mask(self.fields)


@admin.register(Suggestion)
class SuggestionAdmin(ReadOnlyAdmin):
    list_display = ("contact", "member", "guide", "made_at", "decided_at", "is_same")
    list_filter = ("is_same", "guide__store")
    list_select_related = ("contact", "member", "guide__store")
    search_fields = ("=member__card_no", "=guide__employee_no")
    search_help_text = "会员卡号或导购工号"
