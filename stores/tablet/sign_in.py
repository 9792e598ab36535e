"""How a guide comes in: WeCom's web login on the iPad, WeCom's OAuth in the side bar, or her PIN.

Every way ends in Django's `login`; afterwards she goes only to a path of ours.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from stores.org.backends import WecomBackend
from stores.org.models import Account
from stores.tablet.doors import SIDEBAR_SIGN_IN, SIGN_IN, framed_by_us, own_path
from wecom.gateway import WecomError, gateway_of
from wecom.gateway.web import member_authorize_url, web_login_url

log = structlog.get_logger(__name__)

_KEPT = "wecom_sign_in"


@dataclass(frozen=True, slots=True)
class Door:
    """A place to sign in: where it begins, where WeCom sends her back, what lies behind."""

    begin: str
    back: str
    home: str
    template: str


TABLET = Door(SIGN_IN, "/tablet/sign-in/wecom/", "/tablet/", "tablet/sign_in.html")
SIDEBAR = Door(SIDEBAR_SIGN_IN, "/sidebar/sign-in/back/", "/sidebar/", "sidebar/sign_in.html")


# ---------------------------------------------------------------- the iPad


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Offer both ways; a POST is the PIN. A wrong one and an unknown number answer alike."""
    wanted = _wanted(request, TABLET)
    if request.method == "GET":
        return _page(request, TABLET, wanted=wanted)
    number, pin = request.POST.get("employee_no", ""), request.POST.get("pin", "")
    account = authenticate(request, username=number.strip(), pin=pin)
    if isinstance(account, Account):
        login(request, account)
        return redirect(wanted)
    return _page(
        request,
        TABLET,
        wanted=wanted,
        employee_no=number,
        pin_fault="工号或 PIN 不对。再看一眼，也可以用企业微信登录。",
    )


@never_cache
@require_safe
def wecom_begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to WeCom's own login page."""
    return redirect(web_login_url(*_leave_through(request, TABLET)))


@never_cache
@require_safe
def wecom_back(request: HttpRequest) -> HttpResponse:
    """WeCom sends her back with a code; it is exchanged once."""
    return _come_back(request, TABLET)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session of this iPad. Repeating is harmless."""
    logout(request)
    return redirect(SIGN_IN)


# ---------------------------------------------------------------- the side bar


@never_cache
@framed_by_us
@require_safe
def sidebar_sign_in(request: HttpRequest) -> HttpResponse:
    """Inside the WeCom client nobody types: off to WeCom's OAuth at once."""
    return redirect(member_authorize_url(*_leave_through(request, SIDEBAR)))


@never_cache
@framed_by_us
@require_safe
def sidebar_back(request: HttpRequest) -> HttpResponse:
    """WeCom's OAuth sends her back with a code."""
    return _come_back(request, SIDEBAR)


# ---------------------------------------------------------------- after too many tries


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """What axes answers once a name has been tried too often from one address."""
    context = {"minutes": int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)}
    context["is_guide"] = request.path.startswith("/tablet/")
    return render(request, "tablet/locked_out.html", context, status=429)


# ---------------------------------------------------------------- shared


def _wanted(request: HttpRequest, door: Door) -> str:
    asked = request.POST.get("next") or request.GET.get("next")
    wanted = own_path(asked, under=door.home, otherwise=door.home)
    # Signing in to see the sign-in page again would go round in circles.
    return door.home if wanted.startswith(door.begin) else wanted


def _leave_through(request: HttpRequest, door: Door) -> tuple[str, str]:
    """Remember a state in the session; give the address to come back to, and that state."""
    state = secrets.token_hex(16)
    request.session[_KEPT] = {"state": state, "next": _wanted(request, door), "door": door.begin}
    return settings.PUBLIC_URL + door.back, state


def _come_back(request: HttpRequest, door: Door) -> HttpResponse:
    kept = request.session.pop(_KEPT, None) or {}
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    if not code or kept.get("door") != door.begin or not _is_same(kept.get("state", ""), state):
        return _page(request, door, fault="这次登录已经过期，或不是从这里开始的。请再点一次。")
    try:
        userid = gateway_of().member_by_code(code).userid
    except WecomError as error:
        log.warning("wecom_sign_in_failed", code=error.code)
        return _page(request, door, fault="企业微信没有认出你。请再点一次；还不行就用工号登录。")
    account = WecomBackend().account_of(userid)
    if account is None:
        fault = "你的企业微信账号还没有对应的在职导购。请店长在总部后台核对。"
        return _page(request, door, fault=fault)
    login(request, account, backend="stores.org.backends.WecomBackend")
    return redirect(own_path(kept.get("next"), under=door.home, otherwise=door.home))


def _is_same(kept: str, given: str) -> bool:
    return bool(kept) and constant_time_compare(kept, given)


def _page(request: HttpRequest, door: Door, **context: Any) -> HttpResponse:
    context.setdefault("wanted", _wanted(request, door))
    context["again"] = f"{door.begin}?{urlencode({'next': context['wanted']})}"
    context["demo"] = settings.DEMO_LOGINS if settings.DEMO else None
    status = 403 if context.get("fault") or context.get("pin_fault") else 200
    return render(request, door.template, context, status=status)
