"""HQ's look at what was heard and decided; words stay masked."""

from __future__ import annotations

from django.contrib import admin

from bot.understanding.models import HeardMessage
from stores.org.hq import ReadOnlyAdmin


@admin.register(HeardMessage)
class HeardMessageAdmin(ReadOnlyAdmin):
    list_display = (
        "said_at",
        "heard_on",
        "group",
        "is_staff",
        "decision",
        "reason",
        "article",
        "probability",
    )
    list_filter = ("heard_on", "decision", "reason", "store")
    search_fields = ("msgid", "group__name", "article__question")
    list_select_related = ("group", "article")
    date_hierarchy = "said_at"
