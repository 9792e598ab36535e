"""The iPad's page of one question for a person: what she asked, what to quote, who takes it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bot.escalations import actions
from bot.escalations.access import escalation_in_scope
from bot.escalations.errors import NoManager, TakenByAnother
from bot.escalations.models import WAITING, Escalation, EscalationState
from bot.escalations.queries import escalations_of
from bot.escalations.rules import WORDS
from bot.knowledge.errors import StaleFact
from bot.knowledge.facts import fill
from bot.replies.tablet import wecom_chat
from bot.understanding.models import HeardMessage, HeardOn
from bot.understanding.queries import SOMEBODY, asker_of, askers_of, quoted, words_of
from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from stores.org.models import Guide, Role
from stores.tablet.doors import guide_page, toast_next

# How much of the talk before a question a colleague needs to understand it.
_BEFORE = timedelta(minutes=30)
_LINES = 6


@require_safe
@guide_page
def escalations(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Every question on her desk."""
    with scope_of(actor):
        return render(
            request, "bot/escalations.html", {"lines": lines_of(escalations_of(guide.pk))}
        )


@require_safe
@guide_page
def escalation(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """The question, the talk around it, the article she may quote, and what she can do."""
    with scope_of(actor):
        found = escalation_in_scope(public_id)
        heard = found.heard
        member = heard.contact.member if heard is not None and heard.contact is not None else None
        return render(
            request,
            "bot/escalation.html",
            {
                "escalation": found,
                "asker": asker_of(heard),
                "words": words_of(heard),
                "reason": WORDS[found.reason],
                "before": _talk_before(heard),
                "quote": _quote(found),
                "member": member,
                "waits": found.state in WAITING,
                "is_taken": found.state == EscalationState.TAKEN,
                "is_hers": found.holder_id == guide.pk,
                "is_manager": guide.role != Role.GUIDE,
                "source": "会话存档"
                if heard is None or heard.heard_on == HeardOn.ARCHIVE
                else "微信客服",
                "wecom": wecom_chat(guide, found.group),
            },
        )


@require_POST
@guide_page
def take(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """She answers it; the clock stops."""
    return _do(
        request,
        actor,
        public_id,
        lambda key: actions.take_escalation(key, guide=guide, by=actor),
        "好，这个问题由你来答。",
    )


@require_POST
@guide_page
def answered(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """She has answered the customer."""
    return _do(
        request,
        actor,
        public_id,
        lambda key: actions.mark_answered(key, guide=guide, by=actor),
        "记好了：已答复。",
    )


@require_POST
@guide_page
def to_manager(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """The manager answers it."""
    return _do(
        request,
        actor,
        public_id,
        lambda key: actions.hand_to_manager(key, by=actor),
        "转给店长了，店长的屏幕上已经有了。",
    )


def _do(
    request: HttpRequest,
    actor: Actor,
    public_id: uuid.UUID,
    act: Callable[[int], bool],
    done: str,
) -> HttpResponse:
    with scope_of(actor):
        key = escalation_in_scope(public_id).pk
    try:
        changed = act(key)
    except (TakenByAnother, NoManager) as refusal:
        toast_next(request, refusal.__doc__ or "")
    else:
        toast_next(request, done if changed else "这个问题已经处理过了。")
    return redirect(reverse("tablet-escalation", args=[shown_id(public_id)]))


def lines_of(escalations: Iterable[Escalation]) -> list[dict[str, object]]:
    """Escalations with who asked, in which words and why they were handed over, for a list."""
    found = list(escalations)
    names = askers_of(row.heard for row in found)
    return [
        {
            "escalation": row,
            "asker": names.get(row.heard_id or 0, SOMEBODY),
            "quote": quoted(row.heard),
            "reason": WORDS[row.reason],
        }
        for row in found
    ]


def _talk_before(heard: HeardMessage | None) -> list[dict[str, object]]:
    """The last words in the same chat before the question, oldest first."""
    if heard is None:
        return []
    same = (
        Q(group=heard.group_id)
        if heard.group_id
        else Q(open_kfid=heard.open_kfid, sender=heard.sender)
    )
    rows = list(
        HeardMessage.objects.select_related("contact__member", "guide")
        .filter(same, said_at__lt=heard.said_at, said_at__gte=heard.said_at - _BEFORE)
        .exclude(text=None)
        .order_by("-said_at")[:_LINES]
    )
    names = askers_of(row for row in rows if not row.is_staff)
    return [
        {
            "by": names.get(row.pk) or (row.guide.name if row.guide else ""),
            "is_staff": row.is_staff,
            "text": row.text,
            "at": row.said_at,
        }
        for row in reversed(rows)
    ]


def _quote(found: Escalation) -> str:
    """The reference article's answer with its facts; empty when a fact is missing."""
    if found.reference is None:
        return ""
    try:
        return fill(
            found.reference.answer,
            store=found.store,
            question=words_of(found.heard),
            at=timezone.now(),
        ).text
    except StaleFact:
        return ""
