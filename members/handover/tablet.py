"""The manager's iPad: who is away or gone, who takes over, how far it is. Nothing for guides."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from kit.actor import Actor
from kit.fields import shown_id
from members.handover.arranging import (
    choose_customer,
    page_of,
    people_of,
    read_form,
    settle_customers,
    successors_offered,
)
from stores.org.access import guides_in_scope, hand_over_for
from stores.org.errors import HandOverError
from stores.org.handing_over import (
    arrange_hand_over,
    decide_hand_over,
    propose_hand_over,
    stop_hand_over,
)
from stores.org.models import OPEN_HAND_OVERS, Guide, HandOver, HandOverReason, Role
from stores.org.queries import hand_overs_in
from stores.tablet.doors import guide_page, toast_next

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, Guide, Actor, P], HttpResponse]
_ENDED_SHOWN = 10


def manager_page(view: Page[P]) -> Callable[..., HttpResponse]:
    """A page of the iPad that exists for managers only: Http404 for every other guide."""

    def inner(
        request: HttpRequest, guide: Guide, actor: Actor, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if guide.role == Role.GUIDE:
            raise Http404
        return view(request, guide, actor, *args, **kwargs)

    return wraps(view)(guide_page(inner))


@require_safe
@manager_page
def hand_overs(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """What is open, what was, and her people: who leaves, moves, goes on leave."""
    found = hand_overs_in(actor.scope)
    busy = found.filter(state__in=OPEN_HAND_OVERS)
    context = {
        "open": list(busy),
        "ended": list(found.exclude(state__in=OPEN_HAND_OVERS)[:_ENDED_SHOWN]),
        "people": people_under(guide),
    }
    return render(request, "handover/hand_overs.html", context)


@require_POST
@manager_page
def start(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Put a guide's hand-over on the table; nothing moves by it."""
    wanted = request.POST.get("guide", "")
    reason = request.POST.get("reason", "")
    known = {str(other.pk): other for other in people_under(guide)}
    if wanted not in known or reason not in HandOverReason.values:
        raise Http404
    made = propose_hand_over(known[wanted].pk, reason=HandOverReason(reason), by=actor)
    return _to(made)


@require_safe
@manager_page
def hand_over(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """Arrange and preview while it is proposed; then how far it is."""
    handover = hand_over_for(actor, public_id)
    context = page_of(actor, handover, request.GET.get("q", ""))
    return render(request, "handover/hand_over.html", context)


@require_POST
@manager_page
def arrange(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """Who takes over; shows the preview that follows from it."""
    handover = hand_over_for(actor, public_id)
    shares, terms = read_form(request.POST)
    return _do(
        request,
        handover,
        lambda: arrange_hand_over(handover.pk, shares=shares, terms=terms, by=actor),
        "预览更新了，还没有动任何客户。",
        part="#plan",
    )


@require_POST
@manager_page
def decide(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """So be it: what she saw, and nothing else."""
    handover = hand_over_for(actor, public_id)
    seen = request.POST.get("version", "")
    return _do(
        request,
        handover,
        lambda: decide_hand_over(
            handover.pk, version=int(seen) if seen.isdecimal() else -1, by=actor
        ),
        "代班开始了。" if handover.is_leave else "开始交接了，进展会自己更新。",
    )


@require_POST
@manager_page
def stop(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """Nothing more is asked of WeCom; a leave ends, since she is back."""
    handover = hand_over_for(actor, public_id)
    done = "好，她回来了。" if handover.is_leave else "停下了。已经提交给企业微信的会继续走完。"
    return _do(request, handover, lambda: stop_hand_over(handover.pk, by=actor), done)


@require_safe
@manager_page
def customers(
    request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID
) -> HttpResponse:
    """The names behind the counts; before the decision each may be told to stay or to go along."""
    handover = hand_over_for(actor, public_id)
    context = page_of(actor, handover)
    context |= people_of(handover, _number(request.GET.get("page", "1")))
    context["successors"] = successors_offered(actor, handover) if context["undecided"] else []
    return render(request, "handover/customers.html", context)


@require_POST
@manager_page
def choose(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """One customer of a guide who moves: stays with the store, or goes along."""
    handover = hand_over_for(actor, public_id)
    try:
        choose_customer(handover, request.POST, by=actor)
    except HandOverError as error:
        toast_next(request, error.text)
    page = _number(request.POST.get("page", "1"))
    address = reverse("tablet-handover-customers", args=[shown_id(handover.public_id)])
    return redirect(f"{address}?page={page}")


@require_POST
@manager_page
def settle(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """What becomes of those who were turned down."""
    handover = hand_over_for(actor, public_id)
    address = reverse("tablet-handover-customers", args=[shown_id(handover.public_id)])
    try:
        toast_next(request, settle_customers(handover, request.POST, by=actor))
    except HandOverError as error:
        toast_next(request, error.text)
    return redirect(address)


def people_under(guide: Guide) -> list[Guide]:
    """Those whose customers this manager may hand over: her own people, not her superiors."""
    under = {Role.STORE_MANAGER: {Role.GUIDE}, Role.AREA_MANAGER: {Role.GUIDE, Role.STORE_MANAGER}}
    roles = under.get(Role(guide.role), set())
    return [other for other in guides_in_scope(guide) if other.role in roles]


def _do(
    request: HttpRequest,
    handover: HandOver,
    act: Callable[[], object],
    done: str,
    part: str = "",
) -> HttpResponse:
    try:
        act()
        toast_next(request, done)
    except HandOverError as error:
        toast_next(request, error.text)
    return _to(handover, part)


def _to(handover: HandOver, part: str = "") -> HttpResponse:
    address = reverse("tablet-handover", args=[shown_id(handover.public_id)])
    return redirect(f"{address}{part}")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else 1
