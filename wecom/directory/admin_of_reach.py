"""HQ's view of links, moments, archive agreements and keyword hits: to read and to search.

Rows that name customers are there for accounts that see everybody.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest

from wecom.directory.models_of_hearing import ArchiveConsent, KeywordHit
from wecom.directory.models_of_reach import (
    AcquisitionBalance,
    AcquisitionCustomer,
    AcquisitionLink,
    CorpMoment,
    MomentPublication,
)
from wecom.inbox.admin import Lines, ReadOnly

_THERE = admin.EmptyFieldListFilter


@admin.register(AcquisitionLink)
class AcquisitionLinkAdmin(ReadOnly):
    """Acquisition links, with how many came and how many of them spoke."""

    list_display = (
        "name", "came", "spoke", "userids", "skip_verify", "unavailable_at", "made_at", "gone_at",
    )  # fmt: skip
    list_filter = (("gone_at", _THERE), ("unavailable_at", _THERE), "skip_verify")
    search_fields = ("name", "=link_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AcquisitionLink]:
        spoke = Count("customers", filter=Q(customers__chat_state="spoke"))
        found = super().get_queryset(request).annotate(came=Count("customers"), spoke=spoke)
        counted: QuerySet[AcquisitionLink] = found
        return counted

    @admin.display(description="来客", ordering="came")
    def came(self, row: Any) -> int:
        return int(row.came)

    @admin.display(description="开口", ordering="spoke")
    def spoke(self, row: Any) -> int:
        return int(row.spoke)


@admin.register(AcquisitionCustomer)
class AcquisitionCustomerAdmin(ReadOnly):
    """Who came by which link, to whom, and whether she has spoken."""

    list_display = (
        "found_at", "link", "userid", "external_userid", "channel", "chat_state", "spoke_seen_at",
    )  # fmt: skip
    list_filter = ("chat_state", "link")
    list_select_related = ("link",)
    search_fields = ("=external_userid", "=userid", "=channel", "link__name")


@admin.register(AcquisitionBalance)
class AcquisitionBalanceAdmin(ReadOnly):
    """What is left of the customers that were paid for."""

    list_display = ("corp_id", "balance", "total", "warning", "warned_at", "read_at")
    list_filter = ("warning",)
    search_fields = ("=corp_id",)


class PublicationLines(Lines):
    """Who published it, and what came of it; who saw it is left out here."""

    model = MomentPublication
    when_empty = "还没有人发表。"
    fields = (
        "userid", "is_published", "published_seen_at", "audience", "likes", "comments", "looked_at",
    )  # fmt: skip
    readonly_fields = fields
    ordering = ("-is_published", "userid")
    per_page = 50

    def has_view_permission(self, request: HttpRequest, *_: Any) -> bool:
        return request.user.has_perm("wecom.view_momentpublication")


@admin.register(CorpMoment)
class CorpMomentAdmin(ReadOnly):
    """Moments of the corp and of guides, with their publications added up."""

    list_display = (
        "made_at", "kind", "short_text", "creator_userid", "published", "audience", "likes",
        "comments", "gone_at",
    )  # fmt: skip
    list_filter = ("kind", "is_public", ("gone_at", _THERE))
    search_fields = ("text", "=moment_id", "=creator_userid", "=wish")
    date_hierarchy = "made_at"
    ordering = ("-made_at", "-pk")
    inlines: ClassVar = [PublicationLines]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CorpMoment]:
        found = super().get_queryset(request)
        counted: QuerySet[CorpMoment] = found.annotate(
            asked=Count("publications"),
            done=Count("publications", filter=Q(publications__is_published=True)),
            seen=Sum("publications__audience"),
            liked=Sum("publications__likes"),
            commented=Sum("publications__comments"),
        )
        return counted

    @admin.display(description="文字")
    def short_text(self, row: CorpMoment) -> str:
        return row.text[:40]

    @admin.display(description="已发表")
    def published(self, row: Any) -> str:
        return f"{row.done} / {row.asked}"

    @admin.display(description="送达", ordering="seen")
    def audience(self, row: Any) -> Any:
        return row.seen

    @admin.display(description="点赞", ordering="liked")
    def likes(self, row: Any) -> Any:
        return row.liked

    @admin.display(description="评论", ordering="commented")
    def comments(self, row: Any) -> Any:
        return row.commented


@admin.register(MomentPublication)
class MomentPublicationAdmin(ReadOnly):
    """Each guide's part in each moment."""

    list_display = (
        "moment", "userid", "is_published", "published_seen_at", "audience", "likes", "comments",
        "looked_at",
    )  # fmt: skip
    list_filter = ("is_published", "moment__kind")
    list_select_related = ("moment",)
    search_fields = ("=userid", "=moment__moment_id")
    exclude = ("people",)


@admin.register(ArchiveConsent)
class ArchiveConsentAdmin(ReadOnly):
    """What customers said to WeCom's archive."""

    list_display = ("external_userid", "userid", "chat_id", "state", "changed_at", "read_at")
    list_filter = ("state", ("chat_id", _THERE))
    search_fields = ("=external_userid", "=userid", "=chat_id")


@admin.register(KeywordHit)
class KeywordHitAdmin(ReadOnly):
    """Which keyword rules were hit, by whom and where; never what was said."""

    list_display = ("at", "rule_name", "person", "is_staff", "to", "chat_id")
    list_filter = ("rule_name", "is_staff")
    search_fields = ("=person", "=chat_id", "=rule_id", "rule_name")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
