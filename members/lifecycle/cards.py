"""What Today says of today's list: one card that leads to it, one more for a manager."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from members.lifecycle.models_of_today import TodayPick
from members.lifecycle.queries import cards_of_today, passed_by
from stores.org.models import Guide
from stores.tablet.cards import Card


def cards(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """How many are still to be greeted, and why the first of them."""
    on = timezone.localdate(at)
    found = []
    waiting = [pick for pick in cards_of_today(guide, on) if not pick.outcome]
    if waiting:
        found.append(_hers(waiting))
    left = [pick for pick in passed_by(guide, actor.scope, on) if not pick.outcome]
    if left:
        found.append(_managers(left))
    return found


def _hers(waiting: list[TodayPick]) -> Card:
    first = waiting[0].reasons[0]["text"] if waiting[0].reasons else ""
    return Card(
        key="today-list",
        urgency="kind",
        title=f"今天可以联系 {len(waiting)} 位会员",
        why=f"第一位：{first}",
        href=reverse("tablet-greet"),
        act="看名单",
        face="名",
        tone="b",
        count=len(waiting),
    )


def _managers(left: list[TodayPick]) -> Card:
    return Card(
        key="today-list-passed-by",
        urgency="today",
        title=f"{len(left)} 位会员两次没人联系",
        why="导购名单上出现过两天都没有处理，请你看看",
        href=reverse("tablet-greet"),
        act="去看看",
        face="!",
        tone="c",
        count=len(left),
    )
