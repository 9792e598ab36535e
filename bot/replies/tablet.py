"""The iPad's pages of drafts. No program speaks in a customer group: she takes the text along."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bot.replies import actions
from bot.replies.access import draft_in_scope
from bot.replies.errors import NotWaiting
from bot.replies.models import Draft, DraftState
from bot.replies.queries import drafts_done, drafts_to_send
from bot.understanding.queries import SOMEBODY, askers_of, words_of
from groups.chats.models import Group
from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from stores.org.models import Guide
from stores.tablet.doors import guide_page, toast_next


@require_safe
@guide_page
def drafts(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """What waits for her, then what became of the others today."""
    now = timezone.now()
    with scope_of(actor):
        return render(
            request,
            "bot/drafts.html",
            {
                "waiting": lines_of(drafts_to_send(guide.pk, at=now)),
                "done": drafts_done(guide.pk, at=now),
            },
        )


@require_safe
@guide_page
def draft(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """One draft: what was asked, what would be answered, where its facts come from."""
    with scope_of(actor):
        found = draft_in_scope(public_id)
        return render(
            request,
            "bot/draft.html",
            {
                **lines_of([found])[0],
                "shown_facts": [_fact(row) for row in found.facts],
                "waits": found.state == DraftState.WAITING and found.expires_at > timezone.now(),
                "is_hers": found.guide_id == guide.pk,
                "wecom": wecom_chat(guide, found.group),
            },
        )


@require_POST
@guide_page
def copied(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """She took the text along."""
    with scope_of(actor):
        key = draft_in_scope(public_id).pk
    actions.note_copied(key, by=actor)
    return HttpResponse(status=204)


@require_POST
@guide_page
def dismiss(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """She does not want it; ten seconds to take that back."""
    with scope_of(actor):
        key = draft_in_scope(public_id).pk
    try:
        actions.dismiss_draft(key, by=actor)
    except NotWaiting as refusal:
        toast_next(request, refusal.__doc__ or "")
        return redirect("tablet-draft", public_id)
    undo = reverse("tablet-draft-take-back", args=[shown_id(public_id)])
    toast_next(request, "好，这条不用了。", undo=undo)
    return redirect("tablet-drafts")


@require_POST
@guide_page
def take_back(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """It waits again."""
    with scope_of(actor):
        key = draft_in_scope(public_id).pk
    actions.take_back_dismissal(key, by=actor)
    return HttpResponse(status=204)


def wecom_chat(guide: Guide, group: Group | None) -> str:
    """What opens WeCom: its own scheme on the iPad; the simulated client's chat in a demo."""
    if not settings.DEMO:
        return "wxwork://"
    place = f"chat/group/{group.chat_id}/" if group is not None else ""
    return f"/sandbox/wecom/{guide.wecom_userid}/{place}"


def _fact(row: dict[str, str]) -> dict[str, object]:
    return {**row, "as_of": datetime.fromisoformat(row["as_of"]) if row["as_of"] else None}


def lines_of(drafts: Iterable[Draft]) -> list[dict[str, object]]:
    """Drafts with who asked and in which words, for a list."""
    found = list(drafts)
    names = askers_of(draft.heard for draft in found)
    return [
        {
            "draft": draft,
            "asker": names.get(draft.heard_id or 0, SOMEBODY),
            "words": words_of(draft.heard),
        }
        for draft in found
    ]
