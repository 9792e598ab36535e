"""What Today tells of disputes: what she is to answer or to decide, and how hers ended."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from kit.actor import Actor
from stores.disputes.models import DisputeState
from stores.disputes.queries import news_for, waiting_for
from stores.org.models import Guide
from stores.tablet.cards import Card

_ENDS = {
    DisputeState.GRANTED: "已改判",
    DisputeState.REFUSED: "维持原归属",
    DisputeState.WITHDRAWN: "已撤回",
}


def cards(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """A card for each dispute that wants something of her, and for each end she has not seen."""
    told = [
        Card(
            key=f"dispute:{dispute.public_id}",
            urgency="today",
            title=f"{dispute.claimant.name}的业绩申诉等你裁定",
            why=f"小票 {dispute.receipt_no} · {dispute.get_reason_display()}",
            href=reverse("tablet-dispute", args=[dispute.public_id]),
            act="去裁定",
            due_at=dispute.due_at,
            face="裁",
            tone="c",
        )
        for dispute in waiting_for(guide, actor.scope)
    ]
    for party in news_for(guide):
        dispute = party.dispute
        end = _ENDS.get(DisputeState(dispute.state))
        told.append(
            Card(
                key=f"dispute:{dispute.public_id}:{guide.pk}",
                urgency="news" if end else "today",
                title=f"业绩申诉{end}" if end else f"{dispute.claimant.name}认为一张小票归她",
                why=f"小票 {dispute.receipt_no}" + ("" if end else "，你可以答复"),
                href=reverse("tablet-dispute", args=[dispute.public_id]),
                act="看裁定" if end else "去答复",
                due_at=None if end else dispute.due_at,
                face="诉",
                tone="b",
            )
        )
    return told
