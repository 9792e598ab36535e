"""Reads of groups for screens."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from groups.chats.models import Group, GroupMember


def groups_on_screen(*, at: datetime) -> QuerySet[Group]:
    """The groups in scope, liveliest first, each with how many came and left within seven days."""
    week = at - timedelta(days=7)
    customers = Q(stays__is_staff=False)
    return (
        Group.objects.active()
        .select_related("owner", "store")
        .annotate(
            came=Count("stays", filter=customers & Q(stays__joined_at__gte=week)),
            went=Count("stays", filter=customers & Q(stays__left_at__gte=week)),
        )
        .order_by("-came", "name")
    )


def customers_in(group: Group, limit: int = 50) -> list[GroupMember]:
    """Who is in the group now, newest first; guides left out."""
    return list(
        GroupMember.objects.filter(group=group, left_at=None, is_staff=False)
        .select_related("member")
        .order_by("-joined_at")[:limit]
    )


def members_in(group: Group) -> int:
    """How many of those in the group are known as members."""
    return GroupMember.objects.filter(group=group, left_at=None).exclude(member=None).count()
