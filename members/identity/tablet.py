"""The guide is asked whether a friend is a member, and answers after asking her."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from kit.actions import scope_of
from kit.actor import Actor
from members.identity.access import suggestion_for
from members.identity.actions import decide_suggestion
from members.identity.errors import IdentityError
from members.identity.queries import called
from members.identity.rules import masked_phone
from stores.org.models import Guide
from stores.tablet.doors import guide_page, toast_next


@require_http_methods(["GET", "HEAD", "POST"])
@guide_page
def suggestion(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """Both sides, the evidence, and two answers of equal size."""
    with scope_of(actor):
        found = suggestion_for(guide, public_id)
        context = {
            "suggestion": found,
            "friend": found.contact.name or "新好友",
            "member_name": called(found.member),
            "phone": masked_phone(found.member.phone),
        }
        if request.method != "POST":
            return render(request, "identity/suggestion.html", context)
    is_same = request.POST.get("answer") == "same"
    try:
        decide_suggestion(found.pk, is_same=is_same, by=actor)
    except IdentityError as fault:
        toast_next(request, str(fault))
    else:
        toast_next(request, "记下了，她们是同一位。" if is_same else "记下了，不是同一位。")
    return redirect("tablet-today")
