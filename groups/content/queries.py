"""Reads of the library for screens."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Prefetch, QuerySet

from groups.content.models import Material, Variant


def usable_materials(*, at: datetime) -> QuerySet[Material]:
    """What guides may use now, newest first, each with its variants and their products."""
    variants = Variant.objects.select_related("product").order_by("tier")
    return (
        Material.objects.usable(at)
        .prefetch_related(Prefetch("variants", queryset=variants))
        .order_by("-approved_at", "-pk")
    )
