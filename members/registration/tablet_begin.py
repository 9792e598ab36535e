"""「帮她注册」: begun on the guide's iPad with or without network, finished on her own phone.

The page itself holds nothing of any customer, since the iPad keeps it for when there is no network.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from members.registration.addresses import address_of_invitation
from members.registration.clock import database_now
from members.registration.errors import RegistrationError
from members.registration.invitations import (
    LONGEST_NAME,
    MOST_IN_A_BATCH,
    Begun,
    at_her_store,
    begin_registration,
    begun_of,
    fetch_spares,
    replay_begun,
    state_of,
)
from members.registration.models_of_tablet import Invitation
from members.registration.qr import qr_of
from stores.org.models import Guide
from stores.tablet.doors import guide_page, toast_next

_WORKER = Path(__file__).parent / "static" / "registration" / "worker.js"
_MOST_BYTES = 64 * 1024


@require_http_methods(["GET", "HEAD", "POST"])
@guide_page
def begin(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """The shell, and with network the beginning itself: then her code stands on a page."""
    if request.method != "POST":
        context = {"guide": guide, "guide_id": shown_id(guide.public_id), "longest": LONGEST_NAME}
        return render(request, "registration/begin.html", context)
    client_id = _uuid(request.POST.get("client_id", "")) or uuid.uuid4()
    called = request.POST.get("called", "") if request.POST.get("agreed") else ""
    try:
        invitation = begin_registration(
            guide.pk, client_id=client_id, called=called, by=at_her_store(actor, guide)
        )
    except RegistrationError as fault:
        toast_next(request, str(fault))
        return redirect("tablet-begin")
    return redirect("tablet-begun", public_id=invitation.public_id)


@require_safe
@guide_page
def begun(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """The code for this one customer, and how far she is."""
    with scope_of(at_her_store(actor, guide)):
        invitation = (
            Invitation.objects.select_related("member")
            .filter(public_id=public_id, guide=guide)
            .first()
        )
        if invitation is None:
            raise Http404
        now = database_now()
        words, tone = state_of(invitation, now)
        context = {
            "guide": guide,
            "invitation": invitation,
            "called": invitation.member.name if invitation.member else "",
            "words": words,
            "tone": tone,
            "is_waiting": invitation.opened_at is None and invitation.expires_at > now,
            "qr": qr_of(address_of_invitation(invitation)),
        }
    return render(request, "registration/begun.html", context)


@require_safe
@guide_page
def begun_list(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """What she began in the last day: a part of the page, fetched apart and never kept."""
    with scope_of(at_her_store(actor, guide)):
        now = database_now()
        rows = []
        for invitation in begun_of(guide, since=now - timedelta(days=1))[:30]:
            words, tone = state_of(invitation, now)
            called = invitation.member.name if invitation.member else ""
            rows.append((invitation, called or "客人", words, tone))
    return render(request, "registration/begun_list.html", {"rows": rows})


@require_POST
@guide_page
def sync(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """The iPad's queue in, outcomes and fresh spare codes out; safe to send again.

    A queue of another guide on the same iPad is not taken: its keeper signs in and sends it.
    """
    told = _told(request)
    if told is None:
        return JsonResponse({"fault": "没有读懂这份记录。"}, status=400)
    if told.get("guide") != shown_id(guide.public_id):
        return JsonResponse({"fault": "这份记录是另一位导购的。"}, status=409)
    entries, unread = _entries(told.get("begun"))
    outcomes = replay_begun(guide.pk, entries, by=at_her_store(actor, guide))
    answer: dict[str, Any] = {
        "begun": [
            {"client_id": str(entry.client_id), "outcome": str(outcome)}
            for entry, outcome in zip(entries, outcomes, strict=True)
        ]
        + [{"client_id": client_id, "outcome": "refused"} for client_id in unread],
        "spares": [],
    }
    want = told.get("want")
    if isinstance(want, int) and want > 0:
        try:
            spares = fetch_spares(guide.pk, want=want, by=actor)
        except RegistrationError as fault:
            answer["fault"] = str(fault)
        else:
            answer["spares"] = [_spare(invitation) for invitation in spares]
    return JsonResponse(answer)


@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The script that keeps the shell; it stands under /tablet/ to speak for those pages."""
    return HttpResponse(_WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")


def _told(request: HttpRequest) -> dict[str, Any] | None:
    if len(request.body) > _MOST_BYTES:
        return None
    try:
        told = json.loads(request.body)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _entries(raw: object) -> tuple[list[Begun], list[str]]:
    """What can be read, and the client ids of what cannot, so that the iPad stops sending it."""
    entries, unread = [], []
    for row in (raw if isinstance(raw, list) else [])[:MOST_IN_A_BATCH]:
        said = row if isinstance(row, dict) else {}
        client_id = _uuid(str(said.get("client_id", "")))
        token = said.get("token")
        if client_id is None or not isinstance(token, str) or not token:
            unread.append(str(said.get("client_id", ""))[:36])
            continue
        called = said.get("called") if said.get("agreed") is True else ""
        entries.append(
            Begun(
                client_id,
                token[:22],
                called if isinstance(called, str) else "",
                _moment(said.get("said_at")),
            )
        )
    return entries, unread


def _spare(invitation: Invitation) -> dict[str, str]:
    return {
        "token": invitation.token,
        "svg": str(qr_of(address_of_invitation(invitation))),
        "expires_at": invitation.expires_at.isoformat(),
    }


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _moment(text: object) -> datetime | None:
    """What the iPad's clock said; a claim without a zone is none."""
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None
