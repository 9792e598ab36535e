"""May this go to her, for this purpose, over this channel, now? And what did she decide?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from members.consent.models import Channel, ConsentEvent, ConsentState, Decision, Notice, Purpose
from members.consent.rules import BY_CONTRACT, SHARING, Held, Standing, Verdict, verdict_of, why_not
from members.identity.models import Member, MemberState
from stores.org.models import LegalEntity


def may(
    member: Member | int | None,
    purpose: str,
    channel: str = Channel.ANY,
    *,
    at: datetime,
    entity: LegalEntity | int,
) -> Verdict:
    """May this go to her, for this purpose, over this channel, at this time, from this entity?

    Somebody whom the actor's scope does not meet is nobody: `not_member`.
    """
    if member is None:
        return verdict_of("not_member")
    key = member.pk if isinstance(member, Member) else member
    reasons = reasons_not([key], purpose, channel, at=at, entity=entity)
    return verdict_of(reasons.get(key, ""))


def reasons_not(
    members: Iterable[Member | int],
    purpose: str,
    channel: str = Channel.ANY,
    *,
    at: datetime,
    entity: LegalEntity | int,
) -> dict[int, str]:
    """Who may not be reached, and why (a code of `rules.REASONS`); the others may.

    Two queries, however many members.
    """
    keys = [member.pk if isinstance(member, Member) else member for member in members]
    asking = entity.pk if isinstance(entity, LegalEntity) else entity
    standings = {
        key: Standing(state, home)
        for key, state, home in Member.objects.filter(pk__in=keys).values_list(
            "pk", "state", "entity_id"
        )
    }
    held = _held(keys, purpose, channel)
    reasons: dict[int, str] = {}
    for key in keys:
        reason = why_not(
            standings.get(key),
            held.get(key, ()),
            purpose=purpose,
            channel=channel,
            at=at,
            entity=asking,
        )
        if reason:
            reasons[key] = reason
    return reasons


def _held(keys: Sequence[int], purpose: str, channel: str) -> dict[int, list[Held]]:
    granted_before = ConsentEvent.objects.filter(
        member=OuterRef("member"),
        purpose=OuterRef("purpose"),
        channel=OuterRef("channel"),
        decision=Decision.GRANT,
    )
    states = (
        ConsentState.objects.filter(
            member__in=keys,
            purpose__in={purpose, SHARING},
            channel__in={Channel.ANY, Channel(channel)},
        )
        .annotate(was_granted=Exists(granted_before))
        .values_list(
            "member_id", "purpose", "channel", "is_granted", "was_granted", "since", "event_id"
        )
    )
    held: dict[int, list[Held]] = defaultdict(list)
    for key, *line in states:
        held[key].append(Held(*line))
    return held


def permitted(
    members: QuerySet[Member],
    purpose: str,
    channel: str = Channel.ANY,
    *,
    at: datetime,
    entity: LegalEntity | int,
) -> QuerySet[Member]:
    """Those of `members` that `may` would allow, as one statement of SQL."""
    asking = entity.pk if isinstance(entity, LegalEntity) else entity
    found = members.filter(state=MemberState.ACTIVE).filter(
        Q(entity=asking) | Q(pk__in=_granted(SHARING, Channel.ANY, at))
    )
    if purpose in BY_CONTRACT:
        decided = ConsentState.objects.filter(
            member=OuterRef("pk"), purpose=purpose, channel__in={Channel.ANY, Channel(channel)}
        )
        return found.filter(~Exists(decided) | Q(pk__in=_granted(purpose, channel, at)))
    return found.filter(pk__in=_granted(purpose, channel, at))


def _granted(purpose: str, channel: str, at: datetime) -> QuerySet[ConsentState, int]:
    """Keys of members whose newest decision that covers the channel is a grant."""
    channels = {Channel.ANY, Channel(channel)}
    newer = ConsentState.objects.filter(
        member=OuterRef("member"),
        purpose=purpose,
        channel__in=channels,
        event__gt=OuterRef("event"),
    )
    return (
        ConsentState.objects.filter(purpose=purpose, channel__in=channels)
        .filter(~Exists(newer), is_granted=True, since__lte=at)
        .values_list("member_id", flat=True)
    )


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of her permissions as she or her guide reads it."""

    purpose: str
    title: str
    text: str
    is_granted: bool
    since: datetime | None


def permissions_of(member: Member, notice: Notice | None) -> list[Permission]:
    """Every purpose the notice offers, and what she decided before, in the notice's order."""
    states = {
        state.purpose: state
        for state in ConsentState.objects.filter(member=member, channel=Channel.ANY)
    }
    offered = notice.items if notice is not None else []
    lines = [
        _permission(item["purpose"], item["title"], item["text"], states.get(item["purpose"]))
        for item in offered
    ]
    named = {line.purpose for line in lines} | {Purpose.MEMBERSHIP.value}
    lines += [
        _permission(purpose, str(Purpose(purpose).label), "", state)
        for purpose, state in states.items()
        if purpose not in named and state.is_granted
    ]
    return lines


def _permission(purpose: str, title: str, text: str, state: ConsentState | None) -> Permission:
    return Permission(
        purpose=purpose,
        title=title,
        text=text,
        is_granted=state is not None and state.is_granted,
        since=state.since if state is not None else None,
    )


def current_notice(entity: LegalEntity | int) -> Notice | None:
    """The newest published notice of an entity."""
    key = entity.pk if isinstance(entity, LegalEntity) else entity
    return Notice.objects.filter(entity=key).exclude(published_at=None).order_by("-version").first()


def decisions_of(member: Member) -> QuerySet[ConsentEvent]:
    """Everything she decided, newest first."""
    return (
        ConsentEvent.objects.filter(member=member).select_related("notice").order_by("-at", "-pk")
    )


def states_unlike_log() -> list[tuple[int, str, str]]:
    """Where the projection and the log disagree (member, purpose, channel); always empty."""
    newest = (
        ConsentEvent.objects.filter(
            member=OuterRef("member"), purpose=OuterRef("purpose"), channel=OuterRef("channel")
        )
        .order_by("-pk")
        .values("pk")[:1]
    )
    wrong = (
        ConsentState.objects.annotate(newest=Subquery(newest))
        .exclude(
            Q(newest=F("event_id"))
            & (
                Q(is_granted=True, event__decision=Decision.GRANT)
                | Q(is_granted=False) & ~Q(event__decision=Decision.GRANT)
            )
        )
        .values_list("member_id", "purpose", "channel")
    )
    known = ConsentState.objects.filter(
        member=OuterRef("member"), purpose=OuterRef("purpose"), channel=OuterRef("channel")
    )
    missing = (
        ConsentEvent.objects.filter(~Exists(known))
        .values_list("member_id", "purpose", "channel")
        .distinct()
    )
    return [*wrong, *missing]
