"""Whether an account takes more of people than a day's work explains: whole numbers, lists.

Nothing is kept for it: the counters that hold the limits, and the register, are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from kit.actor import names_of_actors
from members.privacy.models import AccessLog
from members.privacy.models_of_duty import AccountLook, DataExport
from members.privacy.rules import LISTS_ALARM, LOOKS_ALARM, PEOPLE_ALARM

log = structlog.get_logger(__name__)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Unusual:
    """What one account did, in words for head office."""

    who: str
    did: str
    figure: str
    # Whether it is about lists; else about whole numbers.
    is_lists: bool = False


def unusual_at(at: datetime) -> list[Unusual]:
    """Accounts that looked at very many numbers today or yesterday, or took very much in a day."""
    return [*_many_looks(at), *_many_lists(at)]


def note_looks(actor: str, on: datetime) -> None:
    """Write a line for whoever reads the logs, once, when an account's looks become many."""
    day = timezone.localdate(on)
    if AccountLook.objects.filter(actor=actor, on=day, looks=LOOKS_ALARM).exists():
        log.warning("many whole numbers seen", actor=actor, looks=LOOKS_ALARM)


def note_lists(account: int, actor: str, at: datetime) -> None:
    """The same for lists, each time one more is taken."""
    found = _taken(at, account=account)
    if found:
        log.warning("many lists taken", actor=actor, lists=found[0][1], people=found[0][2])


def _many_looks(at: datetime) -> list[Unusual]:
    called = AccessLog.objects.filter(actor=OuterRef("actor")).order_by("-at")
    rows = (
        AccountLook.objects.filter(on__gte=timezone.localdate(at - _DAY), looks__gte=LOOKS_ALARM)
        .annotate(called=Subquery(called.values("actor_name")[:1]))
        .order_by("-looks")
    )
    names = names_of_actors(row.actor for row in rows)
    return [
        Unusual(
            row.called or names[row.actor],
            f"{row.on:%-m 月 %-d 日} 看了很多完整手机号",
            f"{row.looks} 次",
        )
        for row in rows
    ]


def _many_lists(at: datetime) -> list[Unusual]:
    return [
        Unusual(who, f"一天里取走 {lists} 份名单", f"{people:,} 人", is_lists=True)
        for who, lists, people in _taken(at)
    ]


def _taken(at: datetime, *, account: int | None = None) -> Sequence[tuple[str, int, int]]:
    """Who took so many lists, or lists of so many people, within a day: name, lists, people."""
    taken = DataExport.objects.filter(taken_at__gt=at - _DAY, taken_at__lte=at)
    if account is not None:
        taken = taken.filter(asked_by=account)
    found = taken.values("asked_by").annotate(lists=Count("pk"), people=Sum("count"))
    many = found.filter(Q(lists__gte=LISTS_ALARM) | Q(people__gte=PEOPLE_ALARM))
    return list(many.order_by("-people").values_list("asked_by__name", "lists", "people"))
