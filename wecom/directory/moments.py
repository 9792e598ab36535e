"""Laying WeCom's moments over their mirrors: which there are, who published, who saw them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from kit.actions import action
from kit.actor import Actor
from wecom.directory.models_of_reach import CorpMoment, MomentKind, MomentPublication
from wecom.directory.portions import Found, MomentReach, MomentsSeen, MomentTasks
from wecom.directory.rules_of_reach import next_look
from wecom.gateway import Moment

# WeCom's clock and seconds: what was made at the very edge of a list may stand in the next one.
_EDGE: Final = timedelta(minutes=1)


@action
def take_moments(facts: MomentsSeen, *, asked_at: datetime, by: Actor) -> list[Found]:
    """Keep the moments of a time. Those of ours that WeCom lists no more were deleted."""
    cards = {card.moment_id: card for card in facts.rows}
    CorpMoment.objects.bulk_create(
        [_fresh(card, asked_at) for card in cards.values()], ignore_conflicts=True
    )
    held = list(
        CorpMoment.objects.select_for_update()
        .filter(moment_id__in=cards, read_at__lte=asked_at)
        .order_by("moment_id")
    )
    for row in held:
        _lay(row, cards[row.moment_id], asked_at)
    CorpMoment.objects.bulk_update(held, [*_WRITTEN, "read_at", "gone_at"], batch_size=200)
    # What a guide publishes of his own accord is published, by him alone.
    MomentPublication.objects.bulk_create(
        [
            MomentPublication(
                moment=row,
                userid=row.creator_userid,
                is_published=True,
                published_seen_at=row.made_at,
                look_at=next_look(row.made_at, asked_at) and asked_at,
            )
            for row in held
            if row.kind == MomentKind.PERSONAL and row.creator_userid
        ],
        ignore_conflicts=True,
    )
    missing = CorpMoment.objects.present().filter(
        made_at__gte=facts.since + _EDGE, made_at__lt=facts.until - _EDGE, read_at__lte=asked_at
    )
    gone = list(missing.exclude(moment_id__in=cards).order_by("pk"))
    missing.filter(pk__in=[row.pk for row in gone]).update(gone_at=asked_at, look_at=None)
    return [Found(f"moment:{row.moment_id}", "朋友圈已删除") for row in gone]


@action
def take_tasks(facts: MomentTasks, *, asked_at: datetime, by: Actor) -> int:
    """Keep who was asked to publish a moment and who did; how many have. Who did stays so."""
    moment = CorpMoment.objects.select_for_update().filter(moment_id=facts.moment_id).first()
    if moment is None:
        return 0
    if facts.rows is None:
        moment.gone_at, moment.look_at = moment.gone_at or asked_at, None
        moment.save(update_fields=["gone_at", "look_at"])
        return 0
    MomentPublication.objects.bulk_create(
        [MomentPublication(moment=moment, userid=task.userid) for task in facts.rows],
        ignore_conflicts=True,
    )
    done = [task.userid for task in facts.rows if task.is_published]
    moment.publications.filter(userid__in=done, is_published=False).update(
        is_published=True, published_seen_at=asked_at, look_at=asked_at
    )
    moment.looked_at = asked_at
    is_over = bool(facts.rows) and len(done) == len(facts.rows)
    moment.look_at = None if is_over else next_look(moment.made_at, asked_at)
    moment.save(update_fields=["looked_at", "look_at"])
    return len(done)


@action
def take_reach(facts: MomentReach, *, asked_at: datetime, by: Actor) -> None:
    """Keep who saw what a guide published and what they did, and when to look again."""
    row = (
        MomentPublication.objects.select_for_update()
        .filter(moment__moment_id=facts.moment_id, userid=facts.userid)
        .first()
    )
    if row is None or (row.looked_at is not None and row.looked_at > asked_at):
        return
    row.looked_at = asked_at
    if facts.viewers is None or facts.reactions is None:
        # He took it back.
        row.look_at = None
        row.save(update_fields=["looked_at", "look_at"])
        return
    reactions = facts.reactions
    row.audience = len(facts.viewers)
    row.likes, row.comments = len(reactions.likes), len(reactions.comments)
    row.people = {
        "saw": sorted(facts.viewers),
        "liked": sorted({one.id for one in reactions.likes if not one.is_staff}),
        "commented": sorted({one.id for one in reactions.comments if not one.is_staff}),
    }
    row.look_at = next_look(row.published_seen_at or asked_at, asked_at)
    row.save()


@action
def note_made(moment_id: str, *, wish: str, at: datetime, by: Actor) -> bool:
    """The moment that an outbox row asked for exists: a row. False when that is known."""
    CorpMoment.objects.bulk_create(
        [
            CorpMoment(
                moment_id=moment_id,
                kind=MomentKind.CORP,
                made_at=at,
                look_at=at,
                # What it says is laid over by the next list.
                read_at=at,
            )
        ],
        ignore_conflicts=True,
    )
    return bool(CorpMoment.objects.filter(moment_id=moment_id, wish=None).update(wish=wish))


_WRITTEN: Final[Sequence[str]] = (
    "kind", "creator_userid", "text", "pictures", "has_video", "link_url", "is_public", "made_at",
)  # fmt: skip


def _said(card: Moment) -> dict[str, Any]:
    return {
        "kind": MomentKind.PERSONAL if card.is_personal else MomentKind.CORP,
        "creator_userid": card.creator_userid[:64],
        "text": card.text,
        "pictures": len(card.picture_ids),
        "has_video": bool(card.video_id),
        "link_url": card.link_url[:2048],
        "is_public": card.is_public,
        "made_at": card.created_at,
    }


def _fresh(card: Moment, asked_at: datetime) -> CorpMoment:
    # A moment of the corp is asked about at once, one of a guide's own has nobody else to ask of.
    look_at = None if card.is_personal else asked_at
    return CorpMoment(moment_id=card.moment_id, read_at=asked_at, look_at=look_at, **_said(card))


def _lay(row: CorpMoment, card: Moment, asked_at: datetime) -> None:
    for name, value in _said(card).items():
        setattr(row, name, value)
    row.read_at, row.gone_at = asked_at, None
