"""Reactions about codes: what was ordered is drawn; what an iPad began is finished."""

from __future__ import annotations

from kit.actor import Actor
from kit.events import DomainEvent
from members.registration.invitations import finish_invitation
from members.registration.printing import draw_batch


def draw_prints(event: DomainEvent) -> None:
    """Codes were ordered for print."""
    draw_batch(int(event.payload["print_batch"]), by=Actor.system(event.kind))


def end_invitation(event: DomainEvent) -> None:
    """Her phone is proven: if an iPad began it, that is over."""
    finish_invitation(int(event.payload["registration"]), by=Actor.system(event.kind))
