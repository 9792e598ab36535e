"""Her card's rotating code on her phone: large, bright, renewed by itself, with a number to say."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kit.actor import Actor
from members.identity.models import Member
from members.registration.doors import member_page
from members.registration.qr import qr_of
from members.registration.tills import NotHers, show_card


@require_safe
@member_page
def card_code(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """The code of this moment: the whole page, or for htmx only the part that turns."""
    try:
        shown = show_card(member.pk, by=actor)
    except NotHers:
        return render(request, "registration/no_card.html", status=401)
    part = bool(getattr(request, "htmx", False))
    context = {
        "member": member,
        "qr": qr_of(shown.text, label="会员码，给收银员扫"),
        "number": " ".join(shown.number[i : i + 4] for i in range(0, len(shown.number), 4)),
        "seconds": shown.seconds_left,
        "is_used": shown.is_used,
    }
    name = "registration/card_code.html" if part else "registration/card_code_page.html"
    return render(request, name, context)
