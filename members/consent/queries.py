"""May this go to her, for this purpose, over this channel, now? And what did she decide?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from members.consent.comparing import Line, compared, paragraphs
from members.consent.models import (
    Channel,
    ConsentEvent,
    ConsentState,
    Decision,
    Notice,
    NoticeSeen,
    Purpose,
)
from members.consent.rules import (
    BY_CONTRACT,
    MARKETING,
    SHARING,
    Held,
    Standing,
    Verdict,
    newest_year_of_adults,
    verdict_of,
    why_not,
)
from members.consent.rules import may_ask_again as is_long_ago
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
    known = Member.objects.filter(pk__in=keys)
    standings = {
        key: Standing(state, home, restricted_at is not None, birth_year)
        for key, state, home, restricted_at, birth_year in known.values_list(
            "pk", "state", "entity_id", "restricted_at", "birth_year"
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
            at=timezone.localtime(at),
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
    found = members.filter(state=MemberState.ACTIVE, restricted_at=None).filter(
        Q(entity=asking) | Q(pk__in=_granted(SHARING, Channel.ANY, at))
    )
    if purpose in MARKETING:
        grown_up = newest_year_of_adults(timezone.localtime(at))
        found = found.filter(Q(birth_year=None) | Q(birth_year__lte=grown_up))
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


def may_ask_again(member: Member | int, purpose: str, *, at: datetime) -> bool:
    """May she be asked for this permission? Not what she gave, not within 180 days of her no."""
    return purpose in to_ask(member, [purpose], at=at)


def to_ask(member: Member | int, purposes: Iterable[str], *, at: datetime) -> list[str]:
    """Which of the purposes a page may ask her about now, in the order given. One query.

    What expired was no refusal of hers: she may be asked at once.
    """
    key = member.pk if isinstance(member, Member) else member
    wanted = list(purposes)
    states = ConsentState.objects.filter(member=key, purpose__in=wanted)
    decided: dict[str, list[tuple[bool, datetime | None]]] = defaultdict(list)
    for purpose, is_granted, since, how in states.values_list(
        "purpose", "is_granted", "since", "event__decision"
    ):
        decided[purpose].append((is_granted, None if how == Decision.EXPIRE else since))
    return [
        purpose
        for purpose in wanted
        if all(not granted and is_long_ago(since, at) for granted, since in decided[purpose])
    ]


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of her permissions as she or her guide reads it."""

    purpose: str
    title: str
    text: str
    is_granted: bool
    since: datetime | None
    # It ended without a word of hers.
    is_over: bool = False


def permissions_of(member: Member, notice: Notice | None) -> list[Permission]:
    """Every purpose the notice offers, and what she decided before, in the notice's order."""
    states = {
        state.purpose: state
        for state in ConsentState.objects.filter(member=member, channel=Channel.ANY).select_related(
            "event"
        )
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
        is_over=state is not None and state.event.decision == Decision.EXPIRE,
    )


def current_notice(entity: LegalEntity | int) -> Notice | None:
    """The newest published notice of an entity."""
    key = entity.pk if isinstance(entity, LegalEntity) else entity
    return Notice.objects.filter(entity=key).exclude(published_at=None).order_by("-version").first()


@dataclass(frozen=True, slots=True)
class Preview:
    """A notice beside the one it follows: which one, what changed, what it asks anew."""

    before: Notice | None
    lines: Sequence[Line]
    adds: Sequence[str]


def preview_of(notice: Notice) -> Preview:
    """What a reader of the version before would find changed; all of it without one."""
    older = Notice.objects.filter(entity=notice.entity_id, version__lt=notice.version)
    before = older.exclude(published_at=None).order_by("-version").first()
    known = {item["purpose"] for item in before.items} if before is not None else set()
    return Preview(
        before=before,
        lines=compared([] if before is None else _said(before), _said(notice)),
        adds=[
            item["title"]
            for item in notice.items
            if before is not None and item["purpose"] not in known
        ],
    )


def _said(notice: Notice) -> list[str]:
    items = [f"{item['title']}：{item['text']}" for item in notice.items]
    return paragraphs(notice.summary, notice.body, *items)


@dataclass(frozen=True, slots=True)
class News:
    """A newer notice that she is to be told of, and what of it she may be asked about."""

    notice: Notice
    items: Sequence[dict[str, str]]


def news_for(member: Member, notice: Notice | None, *, at: datetime) -> News | None:
    """The current notice, when it or one since the last she saw has to be told again, or when she
    passed to its company with a business and never saw one of it; else None.

    Of its purposes only those are asked about that she never decided, or refused long ago.
    """
    if notice is None or not notice.version or member.restricted_at is not None:
        return None
    decided = ConsentEvent.objects.filter(member=member, notice__entity=notice.entity_id)
    seen = NoticeSeen.objects.filter(member=member, notice__entity=notice.entity_id)
    last = max(
        decided.aggregate(last=Max("notice__version"))["last"] or 0,
        seen.aggregate(last=Max("notice__version"))["last"] or 0,
    )
    since = Notice.objects.filter(
        entity=notice.entity_id, version__gt=last, version__lte=notice.version, renotice=True
    )
    if not since.exclude(published_at=None).exists() and (
        last or not _came_from_elsewhere(member, notice)
    ):
        return None
    asked = to_ask(member, [item["purpose"] for item in notice.items], at=at)
    return News(notice, [item for item in notice.items if item["purpose"] in asked])


def _came_from_elsewhere(member: Member, notice: Notice) -> bool:
    """She decided under another company's notice: with its business she passed to this one."""
    others = ConsentEvent.objects.filter(member=member).exclude(notice=None)
    return others.exclude(notice__entity=notice.entity_id).exists()


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
        # Of the erased only the log stays, as proof without a person.
        ConsentEvent.objects.filter(~Exists(known))
        .exclude(member__state=MemberState.ERASED)
        .values_list("member_id", "purpose", "channel")
        .distinct()
    )
    return [*wrong, *missing]
