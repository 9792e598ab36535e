"""Until when a question is answered, and what happens when nobody does. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

# Why it was handed over, as a guide reads it.
WORDS: Final = {
    "harm": "涉及人身或失物",
    "complaint": "质量问题或不满",
    "refund": "退换货",
    "money": "涉及她的钱",
    "personal": "她自己的资料",
    "unknown": "小助手没有把握",
    "stale": "资料缺失或太旧",
    "unsent": "小助手没发出去",
    "muted": "小助手在这里不回答",
}
Span = tuple[datetime, datetime]


def deadline_after(at: datetime, minutes: int, open_spans: Sequence[Span]) -> datetime:
    """So many minutes of opening hours after `at`; the clock stands still while the shop is shut.

    Without a known opening hour ahead, the clock runs on: better early than never.
    """
    left = timedelta(minutes=minutes)
    for opens, closes in sorted(open_spans):
        begins = max(at, opens)
        if begins >= closes:
            continue
        if closes - begins >= left:
            return begins + left
        left -= closes - begins
    return at + timedelta(minutes=minutes)


def shall_reroute(state: str, deadline: datetime, at: datetime) -> bool:
    """Nobody took it in time; one that went to the manager goes nowhere else."""
    return state == "open" and deadline <= at


def can_be_taken(state: str, holder: int, by: int) -> bool:
    """Open ones by anybody who sees them; a taken one only again by the same person."""
    return state in ("open", "rerouted") or (state == "taken" and holder == by)
