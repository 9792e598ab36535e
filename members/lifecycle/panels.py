"""What HQ's start page shows of this room: stages now, and a way to the pictures."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from members.lifecycle.queries import overview
from stores.org.panels import Line, Listing


def panels(actor: Actor, now: datetime) -> list[Listing]:
    """Members by stage as of the last reckoning, and the largest move of this week."""
    seen = overview(actor.scope, timezone.localdate(now))
    rows = reverse("admin:members_memberstage_changelist")
    lines = [
        Line(text=label, figure=f"{count:,}", href=f"{rows}?stage__exact={value}")
        for value, label, count in seen.stages
        if count
    ]
    lines += [
        Line(text=flow.words, why="这 7 天", figure=f"{flow.count:,} 人") for flow in seen.flows[:2]
    ]
    return [
        Listing(
            key="stages",
            title="会员阶段",
            lines=lines,
            href=reverse("admin:members_memberstage_picture"),
            when_empty="还没有计算：先签自动化决策的影响评估，当晚开始。",
        )
    ]
