"""HQ's screens of channels: customer service accounts, and how far each channel was heard."""

from __future__ import annotations

from django.contrib import admin

from bot.channels.models import ChannelCursor, KfAccount
from stores.org.hq import HouseAdmin, ReadOnlyAdmin


@admin.register(KfAccount)
class KfAccountAdmin(HouseAdmin):
    store_path = "store"
    list_display = ("name", "store", "guide", "answers", "open_kfid")
    list_filter = ("answers", "store")
    search_fields = ("name", "open_kfid")
    list_select_related = ("store", "guide__store")
    fieldsets = (
        ("哪个账号", {"fields": ("name", "open_kfid")}),
        ("谁来接", {"fields": ("store", "guide", "answers")}),
    )


@admin.register(ChannelCursor)
class ChannelCursorAdmin(ReadOnlyAdmin):
    list_display = ("channel", "position", "updated_at")
    search_fields = ("channel",)
