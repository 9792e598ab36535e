"""The side bar inside the WeCom client: who is she, what may be sent with one tap."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bot.channels.archive import Archive
from bot.escalations import actions as escalation_actions
from bot.escalations.access import escalation_in_scope
from bot.escalations.errors import TakenByAnother
from bot.escalations.queries import escalations_in_chat, escalations_of
from bot.escalations.tablet import lines_of as escalation_lines
from bot.replies import actions
from bot.replies.access import draft_in_scope
from bot.replies.errors import NotWaiting
from bot.replies.queries import drafts_in_chat, drafts_to_send
from bot.replies.tablet import lines_of as draft_lines
from groups.chats.models import Group
from groups.content.models import MaterialState, Variant
from kit.actions import scope_of
from kit.actor import Actor
from members.identity.queries import called, contact_by_external_userid
from stores.org.models import Guide
from stores.tablet.doors import sidebar_page, with_toast
from wecom.gateway import WecomError, gateway_of

_MATERIALS = 6
_AT_MOST = 10


@require_safe
@sidebar_page
def home(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """The frame: its script asks the WeCom client which chat is open and fetches that part."""
    app = settings.WECOM_APPS["main"]
    return render(
        request,
        "bot/sidebar.html",
        {
            "guide": guide,
            "jssdk_url": settings.WECOM_JSSDK_URL,
            "corp_id": settings.WECOM_CORP_ID,
            "agent_id": app.get("agent_id") or "",
        },
    )


@require_safe
@sidebar_page
def chat(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """What belongs to one chat; without a chat, everything that waits for her, to look at only."""
    return _chat(request, guide, actor)


@require_safe
@sidebar_page
def signature(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Both signatures that the JS-SDK asks for, for a page of our side bar and no other."""
    url = request.GET.get("url", "")
    ours = (f"{settings.PUBLIC_URL}/sidebar/", request.build_absolute_uri("/sidebar/"))
    if not url.startswith(ours):
        return JsonResponse({"text": "这个页面不在侧边栏里。"}, status=400)
    try:
        signed = gateway_of().jsapi_signature(url, of_app=request.GET.get("for") != "corp")
    except WecomError as error:
        return JsonResponse({"text": error.advice}, status=503)
    return JsonResponse(
        {
            "timestamp": signed.timestamp,
            "nonceStr": signed.nonce,
            "signature": signed.signature,
        }
    )


@require_POST
@sidebar_page
def draft_sent(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """The client has sent it, with these words."""
    with scope_of(actor):
        key = draft_in_scope(public_id).pk
    try:
        actions.mark_sent(key, text=request.POST.get("text", "").strip(), by=actor)
    except NotWaiting as refusal:
        return with_toast(_chat(request, guide, actor), refusal.__doc__ or "")
    return with_toast(_chat(request, guide, actor), "发出去了。")


@require_POST
@sidebar_page
def draft_dismissed(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """She does not want it."""
    with scope_of(actor):
        key = draft_in_scope(public_id).pk
    try:
        actions.dismiss_draft(key, by=actor)
    except NotWaiting as refusal:
        return with_toast(_chat(request, guide, actor), refusal.__doc__ or "")
    return with_toast(_chat(request, guide, actor), "好，这条不用了。")


@require_POST
@sidebar_page
def escalation_answered(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """She has answered the customer."""
    with scope_of(actor):
        key = escalation_in_scope(public_id).pk
    try:
        escalation_actions.mark_answered(key, guide=guide, by=actor)
    except TakenByAnother as refusal:
        return with_toast(_chat(request, guide, actor), refusal.__doc__ or "")
    return with_toast(_chat(request, guide, actor), "记好了：已答复。")


def _chat(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    asked = request.GET if request.method in ("GET", "HEAD") else request.POST
    chat_id, person = asked.get("chat_id", ""), asked.get("external_userid", "")
    with scope_of(actor):
        context = {
            "chat_id": chat_id,
            "external_userid": person,
            "source": Archive.source,
            "is_heard": Archive().is_open(),
            **_waiting(guide, chat_id, person),
            "group": Group.objects.filter(chat_id=chat_id).first() if chat_id else None,
            "person": _person(guide, person) if person else None,
            "materials": _materials() if chat_id or person else [],
        }
        return render(request, "bot/sidebar_chat.html", context)


def _waiting(guide: Guide, chat_id: str, person: str) -> dict[str, Any]:
    now = timezone.now()
    if person:
        escalations = escalations_of(guide.pk).filter(heard__sender=person)
        drafts = drafts_to_send(guide.pk, at=now).none()
    elif chat_id:
        escalations = escalations_in_chat(chat_id, guide.pk)
        drafts = drafts_in_chat(chat_id, guide.pk, at=now)
    else:
        escalations = escalations_of(guide.pk)
        drafts = drafts_to_send(guide.pk, at=now)
    return {
        "drafts": draft_lines(drafts[:_AT_MOST]),
        "escalations": escalation_lines(escalations[:_AT_MOST]),
    }


def _person(guide: Guide, external_userid: str) -> dict[str, Any]:
    """Who she is, as far as this guide may see her."""
    contact = contact_by_external_userid(external_userid, entity=guide.store.entity_id)
    member = contact.member if contact is not None else None
    if member is not None:
        return {"name": called(member, contact), "member": member}
    name = contact.name if contact is not None else None
    return {"name": name or "这位顾客", "member": None}


def _materials() -> list[dict[str, Any]]:
    """Approved materials with their text for everybody, newest first."""
    rows = (
        Variant.objects.filter(material__state=MaterialState.APPROVED, tier="")
        .select_related("material")
        .order_by("-material__approved_at")[:_MATERIALS]
    )
    return [{"title": row.material.title, "text": row.text} for row in rows]
