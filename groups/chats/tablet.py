"""The iPad's pages of customer groups: hers, who came lately, and the code that leads in."""

from __future__ import annotations

import uuid

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from groups.chats.access import group_in_scope
from groups.chats.queries import customers_in, groups_on_screen, members_in
from kit.actions import scope_of
from kit.actor import Actor
from stores.org.models import Guide, Role
from stores.tablet.doors import guide_page

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
