"""Suppliers of cards, as a floor above would bring them; the switchboard of some tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from kit.actor import Actor
from stores.org.models import Guide
from stores.tablet.cards import Card

WHOLE = ("tests.stores.tablet.suppliers.three_of_hers", "tests.stores.tablet.suppliers.news")
BROKEN = ("tests.stores.tablet.suppliers.torn", "tests.stores.tablet.suppliers.three_of_hers")
EMPTY: tuple[str, ...] = ()


def three_of_hers(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    return [
        Card(
            key="later",
            urgency="now",
            title="群发等你确认",
            why="金卡 38 位 · 21:00 前有效",
            href="/tablet/tasks/1/",
            act="去确认",
            due_at=at + timedelta(hours=3),
        ),
        Card(
            key="soon",
            urgency="now",
            title="陈女士在群里问退款",
            why="“拉链坏了，能退吗？”",
            href="/tablet/groups/escalation/1/",
            act="去回复",
            due_at=at + timedelta(minutes=6, seconds=30),
            tone="c",
        ),
        Card(
            key="today",
            urgency="today",
            title="<b>王琳</b>明天生日",
            why=f"{guide.name}的会员",
            href="/tablet/members/",
            act="看看她",
        ),
    ]


def news(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    return [
        Card(
            key="new",
            urgency="news",
            title="赵敏成为会员",
            why="试衣间",
            href="/tablet/members/",
            act="看看",
        )
    ]


def torn(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """A supplier whose query fails, and with it the transaction around it."""
    Guide.objects.extra(where=["no_such_column = 1"]).first()
    return []
