"""Reactions: she agreed to profiling or took it back, left, was merged with herself."""

from __future__ import annotations

from kit.events import DomainEvent
from members.consent.models import Purpose
from members.lifecycle.actions import stop_computing
from members.lifecycle.reckoning import NIGHT, score_again


def profiling_allowed(event: DomainEvent) -> None:
    """From now on she has a stage; the night need not come first."""
    if event.payload["purpose"] == Purpose.PROFILING:
        score_again([int(event.payload["member"])], by=NIGHT)


def profiling_refused(event: DomainEvent) -> None:
    """What was computed of her goes at once. Other withdrawals take her off today's lists."""
    if event.payload["purpose"] in {Purpose.PROFILING, Purpose.DIRECT_MARKETING}:
        everything = event.payload["purpose"] == Purpose.PROFILING
        stop_computing(int(event.payload["member"]), forget_stage=everything, by=NIGHT)


def member_gone(event: DomainEvent) -> None:
    """She left: nothing is computed of who is no member."""
    stop_computing(int(event.payload["member"]), forget_stage=True, by=NIGHT)


def numbers_changed(event: DomainEvent) -> None:
    """Two numbers became one person, or two again: both are scored by what is now theirs."""
    score_again([int(event.payload["member_no"]), int(event.payload["into_no"])], by=NIGHT)
