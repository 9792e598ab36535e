"""HQ's view of the ticker's rows; the cellar they stand in has no screens."""

from __future__ import annotations

from django.contrib import admin

from kit.schedule import JobSlot
from stores.org.hq import ReadOnlyAdmin


@admin.register(JobSlot)
class JobSlotAdmin(ReadOnlyAdmin):
    """Which job ran when, and how it ended."""

    list_display = ("job", "slot", "started_at", "done_at", "error")
    list_filter = ("job", ("done_at", admin.EmptyFieldListFilter))
    search_fields = ("job", "error")
    date_hierarchy = "slot"
