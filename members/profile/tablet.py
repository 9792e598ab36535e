"""The guide's members: a list that pages by key, and one member on one screen."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.identity.access import looking_at, member_for
from members.profile.likes import tags_for
from members.profile.lists import (
    PAGE,
    contacts_by_member,
    last_purchases,
    lines_of,
    members_found,
    members_page,
    read_place,
)
from members.profile.queries import profile_of
from members.profile.timeline import PAGE as MOMENTS
from members.profile.timeline import read_spot, timeline_of
from members.tags.actions import tap_tag as put_tag
from members.tags.errors import TagRefused
from stores.org.models import Guide
from stores.org.queries import stands_in_for
from stores.tablet.doors import guide_page, toast_next, with_toast


@require_safe
@guide_page
def members(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Her members, newest first; or who has exactly this phone or card."""
    context = _list(request, actor)
    if request.headers.get("HX-Request") and request.GET.get("before"):
        return render(request, "profile/lines.html", context)
    return render(request, "profile/members.html", context)


@require_safe
@guide_page
def member(
    request: HttpRequest,
    guide: Guide,
    actor: Actor,
    public_id: uuid.UUID,
) -> HttpResponse:
    """Who she is, what she agreed to, what she bought, what happened between you."""
    context = _list(request, actor)
    with scope_of(actor):
        found = member_for(actor, public_id)
    with scope_of(looking_at(actor, found)):
        context["profile"] = profile_of(found, at=timezone.now())
        context["moments"] = timeline_of(found)
        context["has_more_moments"] = len(context["moments"]) == MOMENTS
    return render(request, "profile/members.html", context)


@require_safe
@guide_page
def timeline(
    request: HttpRequest,
    guide: Guide,
    actor: Actor,
    public_id: uuid.UUID,
) -> HttpResponse:
    """The next page of her timeline."""
    with scope_of(actor):
        found = member_for(actor, public_id)
    with scope_of(looking_at(actor, found)):
        moments = timeline_of(found, before=read_spot(request.GET.get("before", "")))
    context = {"member": found, "moments": moments, "has_more_moments": len(moments) == MOMENTS}
    return render(request, "profile/moments.html", context)


@require_POST
@guide_page
def tap_tag(
    request: HttpRequest,
    guide: Guide,
    actor: Actor,
    public_id: uuid.UUID,
    tag_id: uuid.UUID,
) -> HttpResponse:
    """One tap puts a tag on her or takes it off; one that is none answers like one unoffered."""
    with scope_of(actor):
        found = member_for(actor, public_id)
    fault = ""
    try:
        put_tag(found.pk, tag_id, on=request.POST.get("on") == "1", by=actor)
    except TagRefused as refusal:
        fault = str(refusal)
    if not request.headers.get("HX-Request"):
        if fault:
            toast_next(request, fault)
        return redirect("tablet-member", public_id)
    with scope_of(looking_at(actor, found)):
        tags = tags_for(found, timezone.now())
    context = {"tags": tags, "member": found, "is_open": True}
    answer = render(request, "profile/tags.html", context)
    return with_toast(answer, fault) if fault else answer


def _list(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    words = request.GET.get("q", "").strip()
    before = read_place(request.GET.get("before", ""))
    with scope_of(actor):
        others = {
            guide.pk: guide.name for guide in stands_in_for(actor.scope.guide or 0, timezone.now())
        }
        found = members_found(words) if words else members_page(actor.scope, before, others)
        contacts = contacts_by_member(found)
    # The ledger's scope knows who served; of a member she may see, a guide sees every purchase.
    with scope_of(Actor.system("last purchases of members in scope")):
        bought = last_purchases(found)
    lines = lines_of(found, contacts, bought, timezone.now(), others)
    return {
        "lines": lines,
        "words": words,
        "next_place": lines[-1].place if len(lines) == PAGE and not words else "",
    }
