"""The iPad's pages of customer groups: hers, who came lately, and the code that leads in."""

from __future__ import annotations

import uuid

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from groups.chats.access import group_in_scope
from groups.chats.handover_pages import group_list_of, settle_groups
from groups.chats.queries import customers_in, groups_on_screen, members_in
from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from stores.org.access import hand_over_for
from stores.org.errors import HandOverError
from stores.org.models import Guide, Role
from stores.org.queries import successors_for
from stores.tablet.doors import guide_page, toast_next

# WeCom serves the pictures of its codes from here.
_CODE_PICTURES = {"img-src": ["https://wework.qpic.cn"]}


@require_GET
@guide_page
def groups(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Her groups; for a manager those of her store or region."""
    with scope_of(actor):
        return render(
            request,
            "chats/groups.html",
            {
                "groups": list(groups_on_screen(at=timezone.now())[:200]),
                "is_manager": guide.role != Role.GUIDE,
            },
        )


@csp_update(_CODE_PICTURES)
@require_GET
@guide_page
def group(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """One group: who came lately, and its code for a customer to scan."""
    with scope_of(actor):
        found = group_in_scope(public_id)
        return render(
            request,
            "chats/group.html",
            {
                "group": found,
                "people": customers_in(found),
                "known": members_in(found),
                "is_hers": found.owner_id == guide.pk,
            },
        )


@require_safe
@guide_page
def handed_over(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """The groups of a hand-over and who owns them; for whoever answers for the store."""
    found = hand_over_for(actor, public_id)
    with scope_of(actor):
        context = group_list_of(found) | {"handover": found}
        context["successors"] = list(successors_for(found, actor.scope)[:60])
    return render(request, "chats/handed_over.html", context)


@require_POST
@guide_page
def settle_handed_over(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """What becomes of groups that WeCom refused."""
    found = hand_over_for(actor, public_id)
    try:
        toast_next(request, settle_groups(found, request.POST, by=actor))
    except HandOverError as error:
        toast_next(request, error.text)
    return redirect(reverse("tablet-handover-groups", args=[shown_id(public_id)]))
