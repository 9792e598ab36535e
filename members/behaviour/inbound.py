"""She took a permission back, or left: what was kept under it goes."""

from __future__ import annotations

from kit.events import DomainEvent
from members.behaviour.actions import US, let_go
from members.behaviour.rules import LIKING, LINKS


def permission_withdrawn(event: DomainEvent) -> None:
    """One purpose was withdrawn."""
    let_go(int(event.payload["member"]), str(event.payload["purpose"]), by=US)


def member_left(event: DomainEvent) -> None:
    """All of them were, at once."""
    for purpose in (LINKS, LIKING):
        let_go(int(event.payload["member"]), purpose, by=US)
