"""HQ's look at drafts: what guides sent, changed, left."""

from __future__ import annotations

from django.contrib import admin

from bot.replies.models import Draft
from stores.org.hq import ReadOnlyAdmin


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ("made_at", "group", "article", "state", "sent_through", "guide", "sent_at")
    list_filter = ("state", "sent_through", "leads_out", "store")
    search_fields = ("text", "group__name", "article__question", "guide__name")
    list_select_related = ("group", "article", "guide__store")
    date_hierarchy = "made_at"
