"""Actions on hand-overs: propose, arrange, decide, begin, stop, end. Nothing moves here.

What a decision means for customers and groups stands in the floors above, which hear
`handover_begun`. Nobody's customers pass on without a person's decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404
from django.utils import timezone

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
from stores.org.access import answers_for
from stores.org.errors import (
    AlreadyDecided,
    BackBeforeGone,
    ChangedMeanwhile,
    MessageTooLong,
    NoSuccessor,
    OneStandIn,
    WrongSuccessor,
)
from stores.org.models import (
    OPEN_HAND_OVERS,
    GoesAlong,
    Guide,
    HandOver,
    HandOverReason,
    HandOverShare,
    HandOverState,
)
from stores.org.queries import successors_for
from stores.org.rules import MESSAGE_LIMIT, filled_message, usual_message


@dataclass(frozen=True, slots=True)
class Terms:
    """How a hand-over is arranged, besides who takes over."""

    goes_along: str = GoesAlong.OTHERS
    keeps_friends: bool = True
    keeps_stores_together: bool = False
    message: str = ""
    ends_at: datetime | None = None


@action
def propose_hand_over(
    guide_id: int, *, reason: HandOverReason, by: Actor, store_id: int | None = None
) -> HandOver:
    """Put a guide's hand-over on the table; the one that lies there already is given back.

    Who was to move and leaves instead takes nobody along: what lies there becomes a leaving.
    `store_id` is the store she leaves, when she works elsewhere already. Http404 for a guide whom
    the actor does not answer for.
    """
    guide = Guide.objects.select_for_update(of=("self",)).select_related("store").get(pk=guide_id)
    store = store_id or guide.store_id
    if not answers_for(by.scope, store):
        raise Http404
    found = HandOver.objects.filter(guide=guide, state__in=OPEN_HAND_OVERS)
    is_leave = reason == HandOverReason.LEAVE
    standing = (
        found.filter(reason=HandOverReason.LEAVE)
        if is_leave
        else found.exclude(reason=HandOverReason.LEAVE)
    ).first()
    if standing is not None:
        if reason == HandOverReason.LEFT:
            _takes_nobody_along(standing)
        return standing
    made = HandOver.objects.create(
        guide=guide, store_id=store, reason=reason, message=usual_message(reason)
    )
    emit("handover_proposed", subject=subject_of(made), handover=made.pk, reason=str(reason))
    _tell(made)
    return made


@action
def arrange_hand_over(
    handover_id: int, *, shares: Mapping[int, int], terms: Terms, by: Actor
) -> HandOver:
    """Say who takes over how many parts, and on what terms; nothing moves yet.

    Raises AlreadyDecided, WrongSuccessor, OneStandIn, MessageTooLong, BackBeforeGone. The same
    arrangement again only counts as a newer plan.
    """
    handover = _locked(handover_id, by)
    if handover.state != HandOverState.PROPOSED:
        raise AlreadyDecided
    able = {guide.pk: guide for guide in successors_for(handover, by.scope).filter(pk__in=shares)}
    if set(able) != set(shares):
        raise WrongSuccessor
    if handover.is_leave and len(shares) > 1:
        raise OneStandIn
    if terms.ends_at is not None and terms.ends_at <= timezone.now():
        raise BackBeforeGone
    if len(terms.message) > 2 * MESSAGE_LIMIT:
        raise MessageTooLong
    for successor in able.values():
        if len(message_for(handover, successor, template=terms.message)) > MESSAGE_LIMIT:
            raise MessageTooLong
    HandOverShare.objects.filter(hand_over=handover).delete()
    HandOverShare.objects.bulk_create(
        [HandOverShare(hand_over=handover, successor_id=g, parts=n) for g, n in shares.items()]
    )
    handover.goes_along = terms.goes_along
    handover.keeps_friends = terms.keeps_friends
    handover.keeps_stores_together = terms.keeps_stores_together
    handover.message = terms.message
    handover.ends_at = terms.ends_at if handover.is_leave else None
    handover.version += 1
    handover.save()
    _tell(handover)
    return handover


@action
def decide_hand_over(handover_id: int, *, version: int, by: Actor) -> bool:
    """It shall be so; False when somebody had decided it. Emits `handover_decided`, once.

    Raises ChangedMeanwhile when the plan is not the one of `version`, NoSuccessor without
    successors, WrongSuccessor when one of them has left meanwhile.
    """
    handover = _locked(handover_id, by)
    if handover.state != HandOverState.PROPOSED:
        return False
    if handover.version != version:
        raise ChangedMeanwhile
    wanted = set(handover.shares.values_list("successor_id", flat=True))
    if not wanted:
        raise NoSuccessor
    if successors_for(handover, by.scope).filter(pk__in=wanted).count() != len(wanted):
        raise WrongSuccessor
    handover.state, handover.decided_at = HandOverState.DECIDED, timezone.now()
    handover.decided_by = str(by)
    handover.save(update_fields=["state", "decided_at", "decided_by"])
    emit(
        "handover_decided",
        subject=subject_of(handover),
        once=f"handover_decided:{handover.pk}",
        handover=handover.pk,
        guide=handover.guide_id,
        reason=handover.reason,
    )
    _tell(handover)
    return True


@action
def begin_hand_over(handover_id: int, *, has_resigned: bool, by: Actor) -> bool:
    """The floors above may begin, now that it is known by which of WeCom's doors; once."""
    handover = _locked(handover_id, by)
    if handover.state != HandOverState.DECIDED or handover.has_resigned is not None:
        return False
    handover.has_resigned = has_resigned
    handover.save(update_fields=["has_resigned"])
    emit("handover_begun", subject=subject_of(handover), handover=handover.pk)
    return True


@action
def note_account(handover_id: int, *, has_resigned: bool, by: Actor) -> bool:
    """By which of WeCom's doors customers pass on from now on; False when it was known."""
    return bool(
        HandOver.objects.filter(pk=handover_id, has_resigned=not has_resigned).update(
            has_resigned=has_resigned
        )
    )


@action
def stop_hand_over(handover_id: int, *, by: Actor) -> bool:
    """Nothing more is asked of WeCom; what it has taken runs to its end. False when it is over.

    A proposal is put away; a leave ends, since she is back.
    """
    handover = _locked(handover_id, by)
    if handover.state not in OPEN_HAND_OVERS:
        return False
    if handover.state == HandOverState.PROPOSED:
        _end(handover, HandOverState.DROPPED)
    elif handover.is_leave:
        _end(handover, HandOverState.ENDED)
    else:
        _end(handover, HandOverState.STOPPED)
        emit("handover_stopped", subject=subject_of(handover), handover=handover.pk)
    return True


@action
def end_hand_over(handover_id: int, *, by: Actor) -> bool:
    """Everything found its end; False when it was over. The caller has asked the floors above."""
    handover = _locked(handover_id, by)
    if handover.state != HandOverState.DECIDED:
        return False
    _end(handover, HandOverState.ENDED)
    return True


def note_planned(handover: HandOver, part: str) -> bool:
    """A floor above has written down what it will do; False when it had. A step.

    The caller holds the hand-over's lock (`locked_hand_over`).
    """
    must_be_in_action()
    if part in handover.planned_parts:
        return False
    handover.planned_parts = [*handover.planned_parts, part]
    handover.save(update_fields=["planned_parts"])
    return True


def locked_hand_over(handover_id: int) -> HandOver:
    """The hand-over with its people, alone until the action ends. A step."""
    must_be_in_action()
    return (
        HandOver.objects.select_for_update(of=("self",))
        .select_related("guide__store", "store__entity")
        .get(pk=handover_id)
    )


def message_for(handover: HandOver, successor: Guide, *, template: str | None = None) -> str:
    """What the customers of one successor are told."""
    return filled_message(
        handover.message if template is None else template,
        guide=handover.guide.name,
        successor=successor.name,
        store=handover.store.name,
    )


def subject_of(handover: HandOver) -> str:
    """The subject under which a hand-over's news keep their order."""
    return f"handover:{shown_id(handover.public_id)}"


def _locked(handover_id: int, by: Actor) -> HandOver:
    handover = locked_hand_over(handover_id)
    if not answers_for(by.scope, handover.store_id):
        raise Http404
    return handover


def _takes_nobody_along(handover: HandOver) -> None:
    """A proposed move becomes a leaving; whoever has seen its counts must look again."""
    if handover.state != HandOverState.PROPOSED or handover.reason != HandOverReason.MOVED:
        return
    if handover.message == usual_message(HandOverReason.MOVED):
        handover.message = usual_message(HandOverReason.LEFT)
    handover.reason = HandOverReason.LEFT
    handover.version += 1
    handover.save(update_fields=["reason", "message", "version"])
    _tell(handover)


def _end(handover: HandOver, state: HandOverState) -> None:
    handover.state, handover.ended_at = state, timezone.now()
    handover.save(update_fields=["state", "ended_at"])
    emit("handover_ended", subject=subject_of(handover), handover=handover.pk, state=str(state))
    _tell(handover)


def _tell(handover: HandOver) -> None:
    announce(
        f"store.{shown_id(handover.store.public_id)}",
        f"guide.{shown_id(handover.guide.public_id)}",
        kind="handover",
        subject=shown_id(handover.public_id),
    )
