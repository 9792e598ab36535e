"""Cards on a guide's Today: questions that a person must answer, with their clock."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from bot.escalations.models import Escalation, EscalationState
from bot.escalations.queries import escalations_of
from bot.escalations.rules import WORDS
from bot.understanding.queries import SOMEBODY, askers_of, quoted
from kit.actor import Actor
from kit.fields import shown_id
from stores.org.models import Guide
from stores.tablet.cards import Card

_AT_MOST = 20


def cards(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """One card for each question on her desk. Inside `scope_of(actor)`."""
    del actor  # the scope around us is hers already
    found = list(escalations_of(guide.pk)[:_AT_MOST])
    names = askers_of(row.heard for row in found)
    return [_card(row, names.get(row.heard_id or 0, SOMEBODY)) for row in found]


def _card(escalation: Escalation, asker: str) -> Card:
    where = str(escalation.group) if escalation.group is not None else "微信客服"
    is_taken = escalation.state == EscalationState.TAKEN
    return Card(
        key=f"escalation:{shown_id(escalation.public_id)}",
        urgency="today" if is_taken else "now",
        title=f"{asker}在等你答复" if is_taken else f"{asker}在问：{WORDS[escalation.reason]}",
        why=f"{quoted(escalation.heard)} · {where} · 小助手没有回答",
        href=reverse("tablet-escalation", args=[shown_id(escalation.public_id)]),
        act="标记已答复" if is_taken else "去回复",
        due_at=None if is_taken else escalation.deadline,
        face=asker[:1],
        tone="c",
    )
