"""What holds when two members are one: the stricter word of the two; the log keeps both."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Max

from members.consent.models import Channel, ConsentEvent, ConsentState, Method, NoticeSeen, Purpose
from members.consent.rules import BY_CONTRACT
from members.consent.steps import Circumstances, record_decisions
from members.identity.merging import Moved, Mover, Pair, give_rows_back, move_rows
from members.identity.models import Member

_Line = tuple[str, str]


def _move(pair: Pair) -> Moved:
    """Whatever the gone one refused is refused. What only she granted is not: the record that is
    kept never permits more than it did before.
    """
    newest = _newest_event(pair.kept)
    written = []
    theirs, mine = _states(pair.gone), _states(pair.kept)
    for purpose, channel in _lines([*theirs, *mine]):
        if purpose == Purpose.MEMBERSHIP or _holds(theirs, purpose, channel) is not False:
            continue
        before = _holds(mine, purpose, channel)
        events = _decide(pair.kept, purpose, channel, pair, wanted=False)
        if events:
            state = mine.get((purpose, channel))
            written.append([purpose, channel, state and state.event_id, events[0].pk, before])
            mine = _states(pair.kept)
    return {
        "newest": newest,
        "written": written,
        "seen": move_rows(NoticeSeen, "member", pair),
    }


def _part(pair: Pair, moved: Moved) -> list[str]:
    give_rows_back(NoticeSeen, "member", moved["seen"], pair)
    ours = {row[3] for row in moved["written"]}
    said = _carry_refusals(pair, moved["newest"], ours)
    states = _states(pair.kept)
    # The way back in reverse, each only while the merge's own word is still the newest.
    for purpose, channel, _, event, before in reversed(moved["written"]):
        state = states.get((purpose, channel))
        was_free = before is None and purpose in BY_CONTRACT
        if state is not None and state.event_id == event and (before or was_free):
            _decide(pair.kept, purpose, channel, pair, wanted=True)
    return said


def _carry_refusals(pair: Pair, newest: int, ours: Iterable[int]) -> list[str]:
    """What she refused since the merge is refused for both: it may have been either who said so."""
    since = [
        state
        for state in ConsentState.objects.filter(member=pair.kept, event__gt=newest)
        if state.event_id not in ours
    ]
    for state in since:
        if not state.is_granted:
            _decide(pair.gone, state.purpose, state.channel, pair, wanted=False)
    granted = sum(state.is_granted for state in since)
    return [f"合并后新同意的 {granted} 项留在保留的会员名下"] if granted else []


def _states(member: Member) -> dict[_Line, ConsentState]:
    return {
        (state.purpose, state.channel): state
        for state in ConsentState.objects.filter(member=member)
    }


def _lines(lines: Iterable[_Line]) -> list[_Line]:
    """Every purpose for every channel that either spoke of, the general word first."""
    return sorted({(purpose, Channel.ANY.value) for purpose, _ in lines} | set(lines))


def _holds(states: dict[_Line, ConsentState], purpose: str, channel: str) -> bool | None:
    """The newest word that covers the channel, as `consent.may` reads it; None without one."""
    covering = [
        states[line] for line in {(purpose, Channel.ANY.value), (purpose, channel)} & set(states)
    ]
    return max(covering, key=lambda state: state.event_id).is_granted if covering else None


def _decide(
    member: Member, purpose: str, channel: str, pair: Pair, *, wanted: bool
) -> list[ConsentEvent]:
    around = Circumstances(method=Method.MERGE, at=pair.at, source=pair.key)
    return record_decisions(member, {purpose: wanted}, around, channel=channel)


def _newest_event(member: Member) -> int:
    found = ConsentEvent.objects.filter(member=member).aggregate(newest=Max("pk"))["newest"]
    return found or 0


# Decisions stay under the number under which they were made: they are proof, and append-only.
MOVER = Mover(
    frozenset(model._meta.label for model in (ConsentEvent, ConsentState, NoticeSeen)),
    _move,
    _part,
)
