"""HQ's screens around phones: changes that wait for a word, alarms, what an hour sent, replies."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from members.registration.changing import decide_change
from members.registration.errors import RegistrationError
from members.registration.models_of_phones import (
    ChangeState,
    CodeAlarm,
    CodeBudget,
    PhoneChange,
    TextReply,
)
from stores.org.hq import ReadOnlyAdmin, actor_behind

_NOT_SHE = "原号码联系不上本人，或核对不一致。请到店里由店员核对后再换。"


@admin.register(PhoneChange)
class PhoneChangeAdmin(ReadOnlyAdmin):
    """Those without the old phone wait here; what was proven of each stands beside it."""

    list_display = ("asked_at", "member", "phone", "state", "waits_until", "is_ripe", "ended_by")
    list_filter = ("state",)
    list_select_related = ("member",)
    search_fields = ("=member__card_no",)
    search_help_text = "会员卡号"
    ordering = ("-pk",)
    actions = ("allow", "refuse")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Nobody edits a change; who may change one may say yes or no to it."""
        return bool(request.user.has_perm("members.change_phonechange"))

    @admin.display(description="可以通过", boolean=True)
    def is_ripe(self, row: PhoneChange) -> bool:
        return (
            row.state == ChangeState.WAITING
            and row.waits_until is not None
            and row.waits_until <= timezone.now()
        )

    @admin.action(description="通过：换成新号码", permissions=["decide"])
    def allow(self, request: HttpRequest, chosen: QuerySet[PhoneChange]) -> None:
        self._decide(request, chosen, allow=True)

    @admin.action(description="不通过（会告诉会员到店核对）", permissions=["decide"])
    def refuse(self, request: HttpRequest, chosen: QuerySet[PhoneChange]) -> None:
        self._decide(request, chosen, allow=False)

    def _decide(self, request: HttpRequest, chosen: QuerySet[PhoneChange], *, allow: bool) -> None:
        by = actor_behind(request)
        for change in chosen.order_by("asked_at"):
            try:
                done = decide_change(change.pk, allow=allow, reason=_NOT_SHE, by=by)
            except RegistrationError as fault:
                self.message_user(request, f"{change.member}：{fault}", messages.ERROR)
            else:
                self.message_user(request, f"{change.member}：{done.get_state_display()}。")


@admin.register(CodeAlarm)
class CodeAlarmAdmin(ReadOnlyAdmin):
    list_display = ("raised_at", "kind", "hour", "sent", "proven")
    list_filter = ("kind",)
    ordering = ("-raised_at",)


@admin.register(CodeBudget)
class CodeBudgetAdmin(ReadOnlyAdmin):
    list_display = ("hour", "sent")
    ordering = ("-hour",)


@admin.register(TextReply)
class TextReplyAdmin(ReadOnlyAdmin):
    list_display: tuple[Any, ...] = ("at", "message_id", "is_refusal", "members")
    list_filter = ("is_refusal",)
    ordering = ("-at",)
