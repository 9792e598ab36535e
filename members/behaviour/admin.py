"""HQ's look at how much behaviour is told, and how much of it members allow to be kept."""

from __future__ import annotations

from django.contrib import admin

from members.behaviour.models import BehaviourCount
from stores.tablet.hq import ReadOnlyAdmin


@admin.register(BehaviourCount)
class BehaviourCountAdmin(ReadOnlyAdmin):
    list_display = ("on", "source", "touchpoint", "kind", "kept", "only_counted")
    list_filter = ("touchpoint", "kind", "source")
    date_hierarchy = "on"
