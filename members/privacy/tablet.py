"""The guide asks for a whole phone number: a reason first, then the number, once."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from kit.actions import scope_of
from kit.actor import Actor
from members.identity.access import member_for
from members.identity.rules import masked_phone
from members.privacy.actions import reveal_phone
from members.privacy.errors import PrivacyError
from members.privacy.rules import REASONS
from stores.org.models import Guide
from stores.tablet.doors import guide_page


@require_http_methods(["GET", "HEAD", "POST"])
@guide_page
def phone(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """The part of a profile with her number: masked, with reasons to choose; then in full."""
    with scope_of(actor):
        member = member_for(actor, public_id)
    context = {"member": member, "phone": masked_phone(member.phone), "reasons": REASONS}
    if request.method == "POST":
        try:
            context["whole"] = reveal_phone(
                member.pk, reason=request.POST.get("reason", ""), by=actor
            )
        except PrivacyError as fault:
            context["fault"] = str(fault)
    return render(request, "privacy/phone.html", context)
