"""「我的码」: the guide's codes, full screen, to be scanned at arm's length."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.registration.channel_codes import ensure_channel_codes
from members.registration.models import ChannelCode
from members.registration.qr import qr_of
from members.registration.queries import codes_of, scans_today
from stores.org.models import Guide
from stores.tablet.doors import guide_page


@require_safe
@guide_page
def my_code(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID | None = None
) -> HttpResponse:
    """One code, as large as the screen allows; the others are one tap away."""
    with scope_of(actor):
        codes = list(codes_of(guide))
        shown = _chosen(codes, public_id)
        context = {"guide": guide, "codes": codes, "code": shown}
        if shown is not None:
            context["qr"] = qr_of(address_of_code(shown))
            context["scans"] = scans_today(shown, timezone.now())
    return render(request, "registration/my_code.html", context)


@require_POST
@guide_page
def make_codes(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """The guide's usual codes; those she has stay."""
    ensure_channel_codes(guide.pk, by=actor)
    return redirect("tablet-code")


def address_of_code(code: ChannelCode) -> str:
    """What the QR says."""
    return f"{settings.PUBLIC_URL}{reverse('member-join', args=[code.token])}"


def _chosen(codes: list[ChannelCode], public_id: uuid.UUID | None) -> ChannelCode | None:
    if public_id is None:
        return codes[0] if codes else None
    for code in codes:
        if code.public_id == public_id:
            return code
    raise Http404
