"""Cards on a guide's Today: answers that wait for her tap."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.urls import reverse

from bot.replies.models import Draft
from bot.replies.queries import drafts_to_send
from groups.chats.models import Group
from kit.actor import Actor
from kit.fields import shown_id
from stores.org.models import Guide
from stores.tablet.cards import Card


def cards(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """One card per group. Inside `scope_of(actor)`."""
    del actor  # the scope around us is hers already
    by_group: dict[Group, list[Draft]] = defaultdict(list)
    for draft in drafts_to_send(guide.pk, at=at):
        by_group[draft.group].append(draft)
    return [_card(group, drafts) for group, drafts in by_group.items()]


def _card(group: Group, drafts: list[Draft]) -> Card:
    newest = drafts[0]
    one = len(drafts) == 1
    return Card(
        key=f"drafts:{shown_id(group.public_id)}",
        urgency="today",
        title=f"{group}里有人问，回复写好了" if one else f"{group}里有 {len(drafts)} 条回复写好了",
        why=f"{newest.article.question} · “{newest.text}”",
        href=reverse("tablet-draft", args=[shown_id(newest.public_id)])
        if one
        else reverse("tablet-drafts"),
        act="看看并发出",
        face="答",
        tone="b",
        count=len(drafts),
    )
