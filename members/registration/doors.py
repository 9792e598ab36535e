"""Whose visit and whose card a browser shows: two signed cookies, apart from the staff's sessions.

The visit's cookie names a registration, the member's cookie a member whose phone was proven here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin

from kit.actions import scope_of
from kit.actor import Actor, ActorKind
from kit.fields import read_id, shown_id
from members.identity.access import actor_of_entity, actor_of_member
from members.identity.models import Member, MemberState
from members.registration.models import ChannelCode, Registration

P = ParamSpec("P")
View = Callable[..., HttpResponse]

VISIT_COOKIE = "visit"
MEMBER_COOKIE = "member"
_VISIT_LASTS = 24 * 3600
_MEMBER_LASTS = 90 * 24 * 3600

_open_host = urlsplit(settings.WECOM_OPEN_BASE_URL)
_MORE_ALLOWED: dict[str, Any] = {
    # After she agrees the form leads on to WeChat's own page, which asks her once more.
    "form-action": [f"{_open_host.scheme}://{_open_host.netloc}"],
    # WeCom draws the contact-me codes.
    "img-src": ["https://wework.qpic.cn"],
}


def phone_page(view: View) -> View:
    """A page of the member's phone: never cached, frameable by our own host only."""
    framed = csp_replace({"frame-ancestors": [SELF]})(csp_update(_MORE_ALLOWED)(view))
    page: View = never_cache(xframe_options_sameorigin(framed))  # type: ignore[assignment]
    return page


def registrant(code: ChannelCode) -> Actor:
    """Somebody who registers at a store: acts within that store's legal entity."""
    within = actor_of_entity(code.store.entity_id, reason="registration")
    return Actor(ActorKind.MEMBER, f"code:{shown_id(code.public_id)}", within.scope, "registration")


def registration_of_request(request: HttpRequest) -> Registration | None:
    """The visit that this browser is on, if it knows one."""
    public_id = _signed_id(request, VISIT_COOKIE, _VISIT_LASTS)
    if public_id is None:
        return None
    with scope_of(Actor.system("registration")):
        return (
            Registration.objects.select_related(
                "channel_code__guide__store__entity",
                "channel_code__store__entity",
                "guide",
                "store__entity",
                "notice",
                "member",
            )
            .filter(public_id=public_id)
            .first()
        )


def remember_visit(response: HttpResponse, registration: Registration) -> None:
    _set(response, VISIT_COOKIE, shown_id(registration.public_id), _VISIT_LASTS)


def member_of_request(request: HttpRequest) -> Member | None:
    """The member whose phone was proven in this browser, while she is a member."""
    public_id = _signed_id(request, MEMBER_COOKIE, _MEMBER_LASTS)
    if public_id is None:
        return None
    with scope_of(Actor.system("member of this browser")):
        return (
            Member.objects.select_related("entity", "owner__store", "home_store")
            .filter(public_id=public_id, state=MemberState.ACTIVE)
            .first()
        )


def remember_member(response: HttpResponse, member: Member) -> None:
    _set(response, MEMBER_COOKIE, shown_id(member.public_id), _MEMBER_LASTS)


def forget_everything(response: HttpResponse) -> None:
    """Another person takes the phone, or she leaves."""
    for name in (VISIT_COOKIE, MEMBER_COOKIE):
        response.delete_cookie(name)


def member_page(view: Callable[Concatenate[HttpRequest, Member, Actor, P], HttpResponse]) -> View:
    """A page for a member: `view(request, member, actor, …)`; others read how to get here."""

    @wraps(view)
    def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        member = member_of_request(request)
        if member is None:
            return render(request, "registration/no_card.html", status=401)
        return view(request, member, actor_of_member(member), *args, **kwargs)

    return phone_page(inner)


def _signed_id(request: HttpRequest, name: str, lasts: int) -> uuid.UUID | None:
    try:
        return read_id(request.get_signed_cookie(name, salt=name, max_age=lasts) or "")
    except (KeyError, BadSignature, ValueError):
        return None


def _set(response: HttpResponse, name: str, value: str, lasts: int) -> None:
    response.set_signed_cookie(
        name,
        value,
        salt=name,
        max_age=lasts,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )
