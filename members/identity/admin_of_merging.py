"""HQ's screens for merges and for pairs that may be one person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from kit.actor import Actor
from members.identity.doubles import answer, think_again
from members.identity.errors import IdentityError
from members.identity.models import Member, Merge, MergeSuggestion
from members.identity.pairs import side_of, words_of
from members.identity.uniting import undo_merge
from stores.org.hq import ReadOnlyAdmin, actor_behind


def _for_each(
    request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object], said: str
) -> None:
    """Do it one by one: what is refused is named, the others are done."""
    done = 0
    for row in rows:
        try:
            act(row)
        except IdentityError as fault:
            messages.warning(request, f"{row}：{fault}")
        else:
            done += 1
    if done:
        messages.success(request, f"{done} 条{said}")


class _MayDecide(ReadOnlyAdmin):
    """Who may change these rows decides by buttons; nobody edits them."""

    def has_decide_permission(self, request: HttpRequest) -> bool:
        name = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return request.user.has_perm(name)


@admin.register(MergeSuggestion)
class MergeSuggestionAdmin(_MayDecide):
    list_display = ("first", "second", "why", "made_at", "is_same", "decided_at")
    list_filter = ("is_same", ("decided_at", admin.EmptyFieldListFilter))
    list_select_related = ("first", "second")
    search_fields = ("=first__card_no", "=second__card_no")
    date_hierarchy = "made_at"
    actions = ("are_one", "are_two", "ask_again")
    fields = ("why", ("one", "other"), "made_at", "is_same", "decided_at", "merge")
    readonly_fields = ("why", "one", "other")

    @admin.display(description="证据")
    def why(self, row: MergeSuggestion) -> str:
        return "；".join(words_of(row.evidence))

    @admin.display(description="较早的会员")
    def one(self, row: MergeSuggestion) -> SafeString:
        return _beside(row.first)

    @admin.display(description="较晚的会员")
    def other(self, row: MergeSuggestion) -> SafeString:
        return _beside(row.second)

    @admin.action(description="是同一位，合并", permissions=["decide"])
    def are_one(self, request: HttpRequest, rows: QuerySet[MergeSuggestion]) -> None:
        by = actor_behind(request)
        _for_each(request, rows, lambda row: answer(row, is_same=True, by=by), "已合并")

    @admin.action(description="不是同一位", permissions=["decide"])
    def are_two(self, request: HttpRequest, rows: QuerySet[MergeSuggestion]) -> None:
        by = actor_behind(request)
        _for_each(request, rows, lambda row: answer(row, is_same=False, by=by), "已记下")

    @admin.action(description="撤回回答", permissions=["decide"])
    def ask_again(self, request: HttpRequest, rows: QuerySet[MergeSuggestion]) -> None:
        by = actor_behind(request)
        _for_each(request, rows, lambda row: think_again(row, by=by), "已恢复")


def _beside(member: Member) -> SafeString:
    side = side_of(member)
    lines = (
        ("称呼", side.name),
        ("卡号", side.card_no),
        ("手机号", side.phone),
        ("门店", side.store),
        ("专属导购", side.owner),
        ("等级", side.tier),
        ("入会", f"{side.joined_at:%Y-%m-%d}"),
    )
    return format_html_join("", "<div>{}：{}</div>", lines)


@admin.register(Merge)
class MergeAdmin(_MayDecide):
    list_display = ("gone", "kept", "reason", "at", "undone_at", "to_look_at")
    list_filter = ("reason", ("undone_at", admin.EmptyFieldListFilter))
    list_select_related = ("kept", "gone")
    search_fields = ("=kept__card_no", "=gone__card_no")
    date_hierarchy = "at"
    actions = ("part",)
    fields = ("kept", "gone", "reason", "why", "at", "actor", "undone_at", "undone_by",
              "to_look_at")  # fmt: skip
    readonly_fields = ("why", "to_look_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields

    @admin.display(description="证据")
    def why(self, row: Merge) -> str:
        return "；".join(words_of(row.evidence))

    @admin.display(description="请人看看")
    def to_look_at(self, row: Merge) -> str:
        return "；".join(row.left_over)

    @admin.action(description="拆开", permissions=["decide"])
    def part(self, request: HttpRequest, rows: QuerySet[Merge]) -> None:
        said_by = str(actor_behind(request))
        us = Actor.system("head office parts a merge")
        _for_each(
            request,
            rows.order_by("-pk"),
            lambda row: undo_merge(row.pk, decided_by=said_by, by=us),
            "已拆开",
        )
