"""Steps with which what was heard becomes a question for a person, or shows that one spoke."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from bot.escalations.models import Escalation, EscalationState
from bot.escalations.rules import WORDS, Span, deadline_after
from bot.knowledge.models import Article
from bot.understanding.models import HeardMessage
from bot.understanding.queries import asker_of
from groups.chats.models import Group
from kit.actions import must_be_in_action
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
from stores.org.models import Guide, Role, Store
from stores.org.queries import hours_of, shop_day, stand_in_of
from stores.org.rules import hours_that_hold
from wecom.outbox.steps import put

_DAYS_AHEAD = 8


def open_escalation(
    *,
    heard: HeardMessage,
    guide: Guide,
    store: Store,
    reason: str,
    minutes: int,
    reference: Article | None,
    at: datetime,
) -> Escalation:
    """A question for a guide, due after so many minutes of opening hours; she is told. A step.

    While she is on leave her stand-in is. The same message again changes nothing.
    """
    must_be_in_action()
    holder = stand_in_of(guide.pk, at) or guide
    escalation, is_new = Escalation.objects.get_or_create(
        heard=heard,
        defaults={
            "group": heard.group,
            "open_kfid": heard.open_kfid,
            "store": store,
            "guide": guide,
            "holder": holder,
            "reason": reason,
            "reference": reference,
            "opened_at": at,
            "deadline": deadline_in(store, at, minutes),
        },
    )
    if is_new:
        emit(
            "escalation_opened",
            subject=f"escalation:{shown_id(escalation.public_id)}",
            escalation=escalation.pk,
            reason=reason,
        )
        ask(escalation, holder)
    return escalation


def ask(escalation: Escalation, guide: Guide) -> None:
    """Tell a guide's screens and, by an app message, her WeCom; no word of hers. A step."""
    must_be_in_action()
    shown = shown_id(escalation.public_id)
    announce(f"guide.{shown_id(guide.public_id)}", kind="escalation", subject=shown)
    if guide.wecom_userid:
        put(
            "app_message",
            {
                "userids": [guide.wecom_userid],
                "title": "有顾客在等你回复",
                "text": f"{WORDS[escalation.reason]}，小助手没有回答。"
                f"请在 {_clock(escalation.deadline, escalation.store)} 前回复。",
                "url": settings.PUBLIC_URL + reverse("tablet-escalation", args=[shown]),
            },
            once=f"escalation:{shown}:{guide.pk}",
            subject=f"escalation:{shown}",
            priority=2,
            expires_at=escalation.deadline + timedelta(hours=1),
        )


def note_words_in_group(guide: Guide, *, group: Group, text: str, at: datetime) -> int:
    """A guide spoke to somebody by name in a group: her question is being answered. How many.

    A step. Other words in the group stop no clock: they may be meant for anybody.
    """
    must_be_in_action()
    if "@" not in text:
        return 0
    asked = [
        row
        for row in _waiting(at).filter(group=group)
        if row.heard is not None and f"@{asker_of(row.heard)}" in text
    ]
    return _being_answered(asked, guide, at)


def note_private_words(guide: Guide, *, customer: str, at: datetime) -> int:
    """A guide wrote to a customer in private after her question: it is being answered. A step.

    That she wrote is known from the archive; what she wrote is not read.
    """
    must_be_in_action()
    return _being_answered(list(_waiting(at).filter(heard__sender=customer)), guide, at)


def _waiting(at: datetime) -> QuerySet[Escalation]:
    return (
        Escalation.objects.select_for_update(of=("self",))
        .select_related("guide", "holder", "heard__contact__member")
        .filter(state__in=[EscalationState.OPEN, EscalationState.REROUTED], heard__said_at__lt=at)
    )


def _being_answered(escalations: Sequence[Escalation], guide: Guide, at: datetime) -> int:
    """It becomes hers when she was asked or manages the store; else it stays with its holder."""
    for escalation in escalations:
        is_asked = guide.pk in (escalation.guide_id, escalation.holder_id)
        manages = guide.role != Role.GUIDE and guide.store_id == escalation.store_id
        take_up(escalation, guide if is_asked or manages else escalation.holder, at=at)
    return len(escalations)


def take_up(escalation: Escalation, guide: Guide, *, at: datetime) -> None:
    """The locked escalation is in this guide's hands. A step."""
    must_be_in_action()
    before = escalation.holder
    escalation.state, escalation.holder = EscalationState.TAKEN, guide
    escalation.taken_at = escalation.taken_at or at
    escalation.save(update_fields=["state", "holder", "taken_at"])
    shown = shown_id(escalation.public_id)
    emit("escalation_taken", subject=f"escalation:{shown}", guide=guide.pk)
    for one in {before.public_id, guide.public_id}:
        announce(f"guide.{shown_id(one)}", kind="escalation", subject=shown)


def deadline_in(store: Store, at: datetime, minutes: int) -> datetime:
    """So many minutes of the store's opening hours from now."""
    return deadline_after(at, minutes, opening_spans(store, at))


def opening_spans(store: Store, at: datetime) -> list[Span]:
    """When the store is open within the coming days."""
    zone = ZoneInfo(store.time_zone)
    rows = hours_of([store]).get(store.pk, [])
    spans: list[Span] = []
    for ahead in range(_DAYS_AHEAD):
        day = shop_day(store, at) + timedelta(days=ahead)
        hours = hours_that_hold(rows, day)
        if hours is not None and hours.opens_at is not None and hours.closes_at is not None:
            opens = datetime.combine(day, hours.opens_at, tzinfo=zone)
            closes = datetime.combine(day, hours.closes_at, tzinfo=zone)
            spans.append((opens, closes if closes > opens else closes + timedelta(days=1)))
    return spans


def _clock(deadline: datetime, store: Store) -> str:
    here = deadline.astimezone(ZoneInfo(store.time_zone))
    return f"{here.month} 月 {here.day} 日 {here:%H:%M}"
