"""Taking events in by the thousand, and letting go of them when her permission ends."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.behaviour.models import BehaviourEvent
from members.behaviour.queries import Claim, grants_of, members_behind, settle_entities
from members.behaviour.rules import (
    KINDS,
    LIKING,
    LINKS,
    Line,
    Outcome,
    Unreadable,
    is_allowed,
    read_line,
)
from members.identity.models import Member

US: Final = Actor.system("keeps behaviour within permission")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one line."""

    event_id: str
    outcome: Outcome
    where: str = ""
    text: str = ""


@action
def take_events(
    raws: Sequence[object], *, source: str, only_store: int | None, by: Actor
) -> list[Answer]:
    """Keep what members did, one answer a line, in order.

    An event is taken once by (source, event_id), whatever its second telling says. What the member
    did not allow at that time, or does not allow now, is counted and not kept, and so is what
    nobody of ours did. Nothing of a line at fault is kept.
    """
    now = timezone.now()
    answers: list[Answer | None] = [None] * len(raws)
    lines: dict[int, Line] = {}
    for i, raw in enumerate(raws):
        try:
            lines[i] = read_line(raw, now=now)
        except Unreadable as fault:
            said = raw.get("event_id") if isinstance(raw, dict) else ""
            event_id = said[:80] if isinstance(said, str) else ""
            answers[i] = Answer(event_id, Outcome.REFUSED, fault.where, str(fault))
    claims = settle_entities(lines, only_store)
    for i in sorted(set(lines) - set(claims)):
        text = "不知道是哪家公司的会员：请用 store 写明门店编号。"
        answers[i] = Answer(lines.pop(i).event_id, Outcome.REFUSED, "store", text)
    fresh = _fresh(lines, source, now)
    kept = _kept({i: lines[i] for i in fresh}, claims, now)
    _insert([(lines[i], key) for i, key in kept.items()], source, now)
    _count([(lines[i], i in kept) for i in fresh], source)
    for i, line in lines.items():
        known = Outcome.COUNTED if i in fresh else Outcome.KNOWN
        answers[i] = Answer(line.event_id, Outcome.KEPT if i in kept else known)
    return [answer for answer in answers if answer is not None]


def _fresh(lines: Mapping[int, Line], source: str, now: datetime) -> list[int]:
    """Lines told for the first time; of two in one call the first."""
    first: dict[str, int] = {}
    for i, line in lines.items():
        first.setdefault(line.event_id, i)
    if not first:
        return []
    with connection.cursor() as cursor:
        # In one order, so that two callers who tell the same do not wait for each other in a ring.
        cursor.execute(
            "INSERT INTO members_behaviourkey (source, event_id, told_at)"
            " SELECT %s, told, %s FROM unnest(%s::text[]) told"
            " ON CONFLICT (source, event_id) DO NOTHING RETURNING event_id",
            [source, now, sorted(first)],
        )
        return sorted(first[event_id] for (event_id,) in cursor.fetchall())


def _kept(lines: Mapping[int, Line], claims: Mapping[int, Claim], now: datetime) -> dict[int, int]:
    """Line → member, of those that are kept."""
    wanted = {i: claims[i] for i in lines}
    behind = members_behind(set(wanted.values()))
    found = {i: behind[claim] for i, claim in wanted.items() if claim in behind}
    _hold(sorted(set(found.values())))
    grants = grants_of(set(found.values()), at=now)
    return {i: key for i, key in found.items() if is_allowed(lines[i], grants.get(key, {}))}


def _hold(members: Sequence[int]) -> None:
    """Whoever withdraws in this moment is waited for, and waits for us: nothing slips in behind."""
    if members:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM members_member WHERE id = ANY(%s) ORDER BY id FOR SHARE",
                [list(members)],
            )


def _insert(rows: Sequence[tuple[Line, int]], source: str, now: datetime) -> None:
    """One statement for all; COPY is refused on tables with row scope."""
    if not rows:
        return
    columns: list[list[Any]] = [
        [key for _, key in rows],
        [line.kind for line, _ in rows],
        [line.touchpoint for line, _ in rows],
        [line.object for line, _ in rows],
        [line.event_id for line, _ in rows],
        [line.at for line, _ in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_behaviourevent"
            " (member_id, kind, touchpoint, object, event_id, at, source, received_at)"
            " SELECT told.*, %s, %s FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[],"
            " %s::text[], %s::timestamptz[]) told",
            [source, now, *columns],
        )


def _count(lines: Sequence[tuple[Line, bool]], source: str) -> None:
    told: dict[tuple[date, str, str], Counter[bool]] = defaultdict(Counter)
    for line, is_kept in lines:
        told[timezone.localdate(line.at), line.touchpoint, line.kind][is_kept] += 1
    rows = [
        (on, source, touchpoint, kind, numbers[True], numbers[False])
        for (on, touchpoint, kind), numbers in sorted(told.items())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO members_behaviourcount"
            ' ("on", source, touchpoint, kind, kept, only_counted)'
            ' VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT ("on", source, touchpoint, kind)'
            " DO UPDATE SET kept = members_behaviourcount.kept + EXCLUDED.kept,"
            " only_counted = members_behaviourcount.only_counted + EXCLUDED.only_counted",
            rows,
        )


@action
def let_go(member_id: int, purpose: str, *, by: Actor) -> int:
    """Delete what was kept under a permission that she does not give any more; how many events."""
    member = Member.objects.select_for_update().filter(pk=member_id).first()
    if member is None or purpose not in {LINKS, LIKING}:
        return 0
    held = grants_of({member.pk}, at=timezone.now()).get(member.pk, {})
    kinds = [kind for kind, asked in KINDS.items() if asked == purpose and asked not in held]
    gone, _ = BehaviourEvent.objects.filter(member=member, kind__in=kinds).delete()
    return gone
