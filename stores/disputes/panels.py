"""What HQ's start page shows of disputes: what waits for a decision, what is overdue first."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from stores.disputes.models import Dispute, DisputeState
from stores.org.panels import Line, Listing

_MOST = 5


def panels(actor: Actor, at: datetime) -> list[Listing]:
    """Nothing where nothing waits; the list itself stands in the side bar."""
    waiting = Dispute.objects.filter(state=DisputeState.OPEN).select_related("claimant", "store")
    lines = [
        Line(
            text=f"{each.claimant.name} · {each.store.name}",
            why=f"小票 {each.receipt_no} · {each.get_reason_display()}",
            figure=f"{timezone.localtime(each.due_at):%-m 月 %-d 日}",
            href=reverse("admin:stores_dispute_change", args=[each.pk]),
            tone="bad" if each.due_at < at else "",
        )
        for each in waiting.order_by("due_at", "pk")[:_MOST]
    ]
    if not lines:
        return []
    return [
        Listing(
            key="disputes",
            title="等裁定的业绩申诉",
            lines=lines,
            href=reverse("admin:stores_dispute_changelist") + "?state__exact=open",
            when_empty="没有等裁定的申诉",
        )
    ]
