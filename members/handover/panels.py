"""What HQ's start page shows of hand-overs: those that wait for a person, oldest first."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from kit.actor import Actor
from stores.org.models import OPEN_HAND_OVERS, HandOver, HandOverState
from stores.org.panels import Line, Listing
from stores.org.queries import hand_overs_in

_MOST = 5


def panels(actor: Actor, at: datetime) -> list[Listing]:
    """Whose customers nobody has decided about, then what is under way."""
    found = hand_overs_in(actor.scope).filter(state__in=OPEN_HAND_OVERS)
    # "decided" stands before "proposed" in the alphabet.
    rows = found.order_by("-state", "proposed_at", "pk")[:_MOST]
    return [
        Listing(
            key="handovers",
            title="交接",
            lines=[_line(row, at) for row in rows],
            href=reverse("admin:stores_handover_changelist"),
            when_empty="没有等待交接的客户",
        )
    ]


def _line(row: HandOver, at: datetime) -> Line:
    waits = row.state == HandOverState.PROPOSED
    days = (at - row.proposed_at).days
    return Line(
        text=row.guide.name,
        why=f"{row.get_reason_display()} · {row.store.name}",
        figure=(f"等了 {days} 天" if days else "今天提出") if waits else row.get_state_display(),
        href=reverse("admin:stores_handover_change", args=[row.pk]),
        tone="warn" if waits and days else "",
    )
