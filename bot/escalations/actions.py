"""What people do with a question that was handed to them, and what happens when they do not."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from bot.escalations.errors import NoManager, TakenByAnother
from bot.escalations.models import Escalation, EscalationState
from bot.escalations.queries import manager_of
from bot.escalations.rules import can_be_taken, shall_reroute
from bot.escalations.steps import ask, deadline_in, take_up
from bot.understanding.models import HeardMessage
from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
from stores.org.models import Guide

MANAGER_MINUTES = 10


@action
def take_escalation(escalation_id: int, *, guide: Guide, by: Actor) -> bool:
    """She answers it: the clock stops. False when it was hers already, or is done.

    Raises TakenByAnother.
    """
    escalation = _locked(escalation_id)
    if escalation.state in (EscalationState.ANSWERED, EscalationState.CLOSED):
        return False
    if not can_be_taken(escalation.state, escalation.holder_id, guide.pk):
        raise TakenByAnother
    if escalation.state == EscalationState.TAKEN:
        return False
    take_up(escalation, guide, at=timezone.now())
    return True


@action
def mark_answered(escalation_id: int, *, guide: Guide, by: Actor) -> bool:
    """She has answered the customer; False when that was known.

    Raises TakenByAnother when somebody else has it.
    """
    escalation = _locked(escalation_id)
    if escalation.state in (EscalationState.ANSWERED, EscalationState.CLOSED):
        return False
    if not can_be_taken(escalation.state, escalation.holder_id, guide.pk):
        raise TakenByAnother
    now = timezone.now()
    escalation.state, escalation.holder, escalation.answered_at = (
        EscalationState.ANSWERED,
        guide,
        now,
    )
    escalation.taken_at = escalation.taken_at or now
    escalation.save(update_fields=["state", "holder", "taken_at", "answered_at"])
    shown = shown_id(escalation.public_id)
    emit("escalation_answered", subject=f"escalation:{shown}", guide=guide.pk)
    announce(f"guide.{shown_id(guide.public_id)}", kind="escalation", subject=shown)
    return True


@action
def hand_to_manager(escalation_id: int, *, by: Actor) -> bool:
    """The store's manager answers it, with a fresh deadline; False when it is hers or done.

    Raises NoManager when the store has none.
    """
    escalation = _locked(escalation_id)
    if escalation.state in (
        EscalationState.ANSWERED,
        EscalationState.CLOSED,
        EscalationState.REROUTED,
    ):
        return False
    manager = manager_of(escalation.store_id)
    if manager is None:
        raise NoManager
    _reroute(escalation, manager, at=timezone.now())
    return True


@action
def hand_over_questions(
    guide_id: int, successor_id: int, *, comes_back: bool, by: Actor, store_id: int | None = None
) -> int:
    """What lies undone on a guide's desk lies on another's; how many questions. The clock runs on.

    With a store only the questions of that store. Who comes back stays the one who was asked; else
    the question is the successor's.
    """
    successor = Guide.objects.select_related("store").get(pk=successor_id)
    questions = list(
        Escalation.objects.undone()
        .select_for_update(of=("self",))
        .select_related("store", "guide")
        .filter(Q(store=store_id) if store_id is not None else Q(), holder=guide_id)
        .order_by("pk")
    )
    for question in questions:
        question.holder = successor
        # Nobody has it in hand any more.
        if question.state == EscalationState.TAKEN:
            question.state = EscalationState.OPEN
        if not comes_back:
            question.guide = successor
        question.save(update_fields=["holder", "guide", "state"])
        ask(question, successor)
    if not comes_back:
        heard = [question.heard_id for question in questions if question.heard_id is not None]
        HeardMessage.objects.filter(pk__in=heard).update(guide=successor)
    return len(questions)


@action
def reroute_overdue(*, at: datetime, by: Actor) -> int:
    """What nobody took in time goes to the manager; how many. Without a manager it stays, late."""
    moved = 0
    overdue = (
        Escalation.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("store", "guide", "holder")
        .filter(state=EscalationState.OPEN, deadline__lte=at)
        .order_by("deadline")[:200]
    )
    for escalation in overdue:
        manager = manager_of(escalation.store_id)
        if (
            manager is None
            or manager.pk == escalation.holder_id
            or not shall_reroute(escalation.state, escalation.deadline, at)
        ):
            continue
        _reroute(escalation, manager, at=at)
        moved += 1
    return moved


def _reroute(escalation: Escalation, manager: Guide, *, at: datetime) -> None:
    escalation.state, escalation.holder = EscalationState.REROUTED, manager
    escalation.rerouted_at = at
    escalation.deadline = deadline_in(escalation.store, at, MANAGER_MINUTES)
    escalation.save(update_fields=["state", "holder", "rerouted_at", "deadline"])
    shown = shown_id(escalation.public_id)
    emit("escalation_rerouted", subject=f"escalation:{shown}", guide=manager.pk)
    announce(f"guide.{shown_id(escalation.guide.public_id)}", kind="escalation", subject=shown)
    ask(escalation, manager)


def _locked(escalation_id: int) -> Escalation:
    return (
        Escalation.objects.select_for_update(of=("self",))
        .select_related("store", "guide", "holder")
        .get(pk=escalation_id)
    )
