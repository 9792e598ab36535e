"""Decisions about pushes on plain values: quiet hours, pauses between looks, the text sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

# One call takes at most so many customers (doc 92135, 2025-11-17).
RECIPIENTS_AT_ONCE = 10_000
# A task lives for hours, not days: what was right at noon need not be right tomorrow.
TASK_LIVES = timedelta(days=2)
# What nobody could learn in half a year stays unknown; the recipients' names are not kept longer.
RESULTS_LIVE = timedelta(days=180)
REMINDERS_A_DAY = 3
_FIRST_LOOK = 4.0
# Until she confirms, her tap shall show soon; what is still missing then may take its time.
_LONGEST_PAUSE, _LONGEST_AFTER_CONFIRMING = 600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which nothing is sent, by the shop's clock; equal ends mean none."""

    since: time
    until: time

    @classmethod
    def read(cls, text: str) -> Quiet:
        """`21:00-09:00`; an empty text means no quiet hours. Raises ValueError on anything else."""
        if not text:
            return cls(time(0), time(0))
        since, _, until = text.partition("-")
        return cls(time.fromisoformat(since), time.fromisoformat(until))

    def covers(self, clock: time) -> bool:
        """Whether a clock time lies within, the beginning included."""
        if self.since <= self.until:
            return self.since <= clock < self.until
        return clock >= self.since or clock < self.until

    def next_allowed(self, at: datetime) -> datetime:
        """`at` itself outside quiet hours, else the moment they end. `at` is in the shop's zone."""
        if not self.covers(at.time()):
            return at
        end = at.replace(hour=self.until.hour, minute=self.until.minute, second=0, microsecond=0)
        return end if end > at else end + timedelta(days=1)

    def next_begin(self, at: datetime) -> datetime | None:
        """When quiet hours begin after `at`, or None when there are none."""
        if self.since == self.until:
            return None
        begin = at.replace(hour=self.since.hour, minute=self.since.minute, second=0, microsecond=0)
        return begin if begin > at else begin + timedelta(days=1)


def due_and_expiry(
    *, wanted: datetime, until: datetime, quiet: Quiet
) -> tuple[datetime, datetime] | None:
    """When a task may go out and until when it may stand; None when no moment is left.

    All in the shop's zone.
    """
    due = quiet.next_allowed(wanted)
    begin = quiet.next_begin(due)
    expiry = min(until, begin) if begin is not None else until
    return (due, expiry) if due < expiry else None


def pause_before_look(looks: int, *, is_confirmed: bool = False) -> timedelta:
    """Growing pauses between two looks for results: 4 s, 6 s, 9 s … 10 minutes, later a day."""
    longest = _LONGEST_AFTER_CONFIRMING if is_confirmed else _LONGEST_PAUSE
    return timedelta(seconds=min(longest, _FIRST_LOOK * 1.5 ** min(looks, 40)))


def text_with_link(text: str, link: str) -> str:
    """What the guide confirms: the words, and her tracked link on a line of its own."""
    return f"{text.rstrip()}\n{link}" if link else text.rstrip()


def without(
    members: Sequence[int], recipients: Sequence[str], leave_out: Collection[str]
) -> tuple[list[int], list[str]]:
    """The aligned arrays of a task without some recipients; the order stays.

    A task to groups has recipients only.
    """
    gone = set(leave_out)
    kept = [i for i, recipient in enumerate(recipients) if recipient not in gone]
    return [members[i] for i in kept] if members else [], [recipients[i] for i in kept]
