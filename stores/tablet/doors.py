"""Doors of the guide's screens: who is signed in, as which guide, with what headers.

`guide_page` is for the iPad, `sidebar_page` for the frame inside the WeCom client.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django_htmx.http import trigger_client_event

from kit.actor import Actor
from stores.org.access import actor_of_guide, guide_of
from stores.org.models import Account, Guide

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, Guide, Actor, P], HttpResponse]
View = Callable[..., HttpResponse]

SIGN_IN = "/tablet/sign-in/"
SIDEBAR_SIGN_IN = "/sidebar/sign-in/"


def guide_page(view: Page[P]) -> View:
    """Call `view(request, guide, actor, …)` for a working guide.

    A stranger is sent to sign in and back; an account that is no guide is told so (403). What
    is shown is never cached.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return _open(request, SIGN_IN, view, *args, **kwargs)

    return inner


def sidebar_page(view: Page[P]) -> View:
    """As `guide_page`, for the side bar: signs in through the WeCom client, may be framed by us."""

    @wraps(view)
    def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return _open(request, SIDEBAR_SIGN_IN, view, *args, **kwargs)

    return framed_by_us(inner)


def framed_by_us(view: View) -> View:
    """Allow pages of our own host to show this one in a frame."""
    framed: View = xframe_options_sameorigin(csp_replace({"frame-ancestors": [SELF]})(view))  # type: ignore[assignment]
    return framed


def own_path(address: str | None, *, under: str, otherwise: str) -> str:
    """The address when it is a path of ours beginning with `under`; never another host's."""
    address = address or ""
    is_ours = url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_ours and address.startswith(under) else otherwise


def with_toast(response: HttpResponse, text: str, *, undo: str = "") -> HttpResponse:
    """Show a word on the screen after an htmx answer; `undo` is an address to POST for 10 s."""
    return trigger_client_event(response, "toast", {"text": text, "undo": undo})


def toast_next(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """The same on the page that follows a redirect."""
    messages.success(request, text, extra_tags=undo)


def _open(
    request: HttpRequest, sign_in: str, view: Page[P], *args: P.args, **kwargs: P.kwargs
) -> HttpResponse:
    account = request.user
    if not account.is_authenticated:
        return _send_to(request, sign_in)
    try:
        guide = guide_of(account)
    except Http404:
        return _no_guide(request, account)
    actor = actor_of_guide(guide)
    request.guide = guide  # type: ignore[attr-defined]
    request.actor = actor  # type: ignore[attr-defined]
    response = view(request, guide, actor, *args, **kwargs)
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _send_to(request: HttpRequest, sign_in: str) -> HttpResponse:
    wanted = request.get_full_path() if request.method == "GET" else ""
    address = f"{sign_in}?{urlencode({'next': wanted})}" if wanted else sign_in
    if request.headers.get("HX-Request"):
        # A part of a page cannot sign in: the whole page goes there.
        return HttpResponse(status=401, headers={"HX-Redirect": sign_in})
    return redirect(address)


def _no_guide(request: HttpRequest, account: Account | AnonymousUser) -> HttpResponse:
    return render(request, "tablet/no_guide.html", {"account": account}, status=403)
