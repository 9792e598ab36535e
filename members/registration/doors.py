"""Whose visit and whose card a browser shows: signed cookies, apart from the staff's sessions.

The visit's cookie names a registration, the member's cookie a member whose phone was proven here,
a third that it was proven just now, a fourth what was refused here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin

from kit.actions import scope_of
from kit.actor import Actor, ActorKind
from kit.fields import read_id, shown_id
from members.consent.rules import NOT_AGAIN_FOR, may_ask_again
from members.identity.access import actor_of_entity, actor_of_member
from members.identity.models import Member, MemberState
from members.identity.queries import present
from members.registration.models import ChannelCode, Registration

P = ParamSpec("P")
View = Callable[..., HttpResponse]

VISIT_COOKIE = "visit"
MEMBER_COOKIE = "member"
_REFUSED_COOKIE = "refused"
_PROVEN_COOKIE = "proven"
_WHO_SHE_IS = (VISIT_COOKIE, MEMBER_COOKIE, _PROVEN_COOKIE)
_VISIT_LASTS = 24 * 3600
# After she typed the code to her own phone, so long this browser is taken for hers.
_PROVEN_LASTS = 600
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


def acting_for(member: Member) -> Actor:
    """The member herself where what she does touches more than her own rows: her company's guides,
    phones that lead to others.
    """
    within = actor_of_entity(member.entity_id, reason="her own page")
    return Actor(ActorKind.MEMBER, shown_id(member.public_id), within.scope, "her own page")


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
        rows = Member.objects.select_related("entity", "owner__store", "home_store")
        found = rows.filter(public_id=public_id).first()
        # The card of a record that was merged leads to the one that was kept.
        member = present(found) if found is not None else None
    return member if member is not None and member.state == MemberState.ACTIVE else None


def remember_member(response: HttpResponse, member: Member) -> None:
    _set(response, MEMBER_COOKIE, shown_id(member.public_id), _MEMBER_LASTS)


def forget_everything(response: HttpResponse) -> None:
    """Another person takes the phone."""
    for name in (*_WHO_SHE_IS, _REFUSED_COOKIE):
        response.delete_cookie(name)


def let_go(request: HttpRequest, response: HttpResponse, refused: Iterable[str]) -> None:
    """She leaves: who she was is forgotten here, and not what she need not be asked again."""
    for name in _WHO_SHE_IS:
        response.delete_cookie(name)
    remember_refusals(request, response, refused, ())


def remember_proven(response: HttpResponse, member: Member) -> None:
    """She showed that it is she, by a code to her phone: for ten minutes in this browser."""
    _set(response, _PROVEN_COOKIE, shown_id(member.public_id), _PROVEN_LASTS)


def is_proven(request: HttpRequest, member: Member) -> bool:
    """Whether this browser showed within the last minutes that it is she."""
    return _signed_id(request, _PROVEN_COOKIE, _PROVEN_LASTS) == member.public_id


def remember_refusals(
    request: HttpRequest, response: HttpResponse, refused: Iterable[str], granted: Iterable[str]
) -> None:
    """What she left unticked is not asked in this browser again for 180 days; no name stands in it.

    A refusal that is remembered keeps its first day.
    """
    now = int(timezone.now().timestamp())
    held = refused_here(request) - set(granted)
    before = {purpose: at for purpose, at in _refusals(request).items() if purpose in held}
    said = dict.fromkeys(refused, now) | before
    text = ",".join(f"{purpose}:{at}" for purpose, at in sorted(said.items()))
    _set(response, _REFUSED_COOKIE, text, int(NOT_AGAIN_FOR.total_seconds()))


def refused_here(request: HttpRequest) -> set[str]:
    """Purposes that were refused in this browser less than 180 days ago."""
    now = timezone.now()
    return {
        purpose
        for purpose, at in _refusals(request).items()
        if not may_ask_again(datetime.fromtimestamp(at, tz=UTC), now)
    }


def _refusals(request: HttpRequest) -> dict[str, int]:
    try:
        text = request.get_signed_cookie(_REFUSED_COOKIE, salt=_REFUSED_COOKIE)
    except (KeyError, BadSignature):
        return {}
    pairs = (entry.partition(":") for entry in (text or "").split(",") if entry)
    return {purpose: int(at) for purpose, _, at in pairs if at.isdigit()}


def address_of(request: HttpRequest) -> str:
    """The visitor's address as the server in front of us states it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def user_agent_of(request: HttpRequest) -> str:
    return request.headers.get("User-Agent", "")


def lost(request: HttpRequest, visit: Registration | None) -> HttpResponse:
    """The visit is not known here, or stands before the notice: the code's page is the way on."""
    if visit is not None:
        return redirect("member-join", token=visit.channel_code.token)
    return render(request, "registration/lost.html", status=410)


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
