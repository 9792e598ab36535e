"""Cards on Today: hand-overs a manager is to arrange, whom a stand-in looks after."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse

from kit.actor import Actor
from kit.fields import shown_id
from members.handover.models import NOT_POSSIBLE, TURNED_DOWN, TransferState
from stores.org.models import Guide, HandOver, HandOverState, Role
from stores.org.queries import hand_overs_in, stands_in_for
from stores.tablet.cards import Card

_MOST = 10


def cards(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """For a manager what waits for her word; for a stand-in whose members she looks after."""
    found = [_stand_in(other) for other in stands_in_for(guide.pk, at)]
    if guide.role == Role.GUIDE:
        return found
    open_question = Q(
        Q(transfers__state__in=TURNED_DOWN)
        | Q(transfers__state=TransferState.KEPT, transfers__because__in=NOT_POSSIBLE),
        transfers__settled="",
    )
    waiting = (
        hand_overs_in(actor.scope)
        .filter(state__in=[HandOverState.PROPOSED, HandOverState.DECIDED])
        .annotate(questions=Count("transfers", filter=open_question))
        .filter(Q(state=HandOverState.PROPOSED) | Q(questions__gt=0))[:_MOST]
    )
    return found + [_card(handover, handover.questions) for handover in waiting]


def _card(handover: HandOver, questions: int) -> Card:
    name, shown = handover.guide.name, shown_id(handover.public_id)
    if handover.state == HandOverState.PROPOSED:
        title, act = f"{name}的客户等你安排", "安排交接"
        why = f"{handover.get_reason_display()} · 没有人决定前，一位客户也不会动"
    else:
        title, act = f"{questions} 位客户没转成", "去处理"
        why = f"{name}的交接 · 可以另选接手人，也可以留给原导购"
    return Card(
        key=f"handover:{shown}",
        urgency="today",
        title=title,
        why=why,
        href=reverse("tablet-handover", args=[shown]),
        act=act,
        face=name[:1],
        tone="c",
    )


def _stand_in(other: Guide) -> Card:
    return Card(
        key=f"stand-in:{shown_id(other.public_id)}",
        urgency="news",
        title=f"你在替{other.name}",
        why="她的会员、客户群和顾客提问现在也在你这里",
        href=reverse("tablet-members"),
        act="看会员",
        face=other.name[:1],
        tone="b",
    )
