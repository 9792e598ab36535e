"""HQ's look at questions that people had to answer, and how long they took."""

from __future__ import annotations

from django.contrib import admin

from bot.escalations.models import Escalation
from bot.escalations.rules import WORDS
from stores.org.hq import ReadOnlyAdmin


@admin.register(Escalation)
class EscalationAdmin(ReadOnlyAdmin):
    list_display = (
        "opened_at",
        "why",
        "group",
        "state",
        "guide",
        "holder",
        "deadline",
        "answered_at",
    )
    list_filter = ("state", "reason", "store")
    search_fields = ("group__name", "guide__name", "holder__name")
    list_select_related = ("group", "guide__store", "holder__store")
    date_hierarchy = "opened_at"

    @admin.display(description="原因", ordering="reason")
    def why(self, row: Escalation) -> str:
        return WORDS.get(row.reason, row.reason)
