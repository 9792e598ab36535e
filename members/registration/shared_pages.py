"""What a phone opens behind a code that is no guide's own: a store's, the nearest store's, one
person's. Each ends at a guide's own code, where registering begins.
"""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.identity.access import actor_of_entity
from members.registration.doors import (
    phone_page,
    registration_of_request,
    remember_visit,
)
from members.registration.invitations import (
    InvitationGone,
    invitation_by_token,
    is_open,
    take_invitation,
)
from members.registration.models import Registration, RegistrationState
from members.registration.models_of_codes import RosterCode, RosterKind
from members.registration.models_of_tablet import Invitation
from members.registration.rosters import (
    choose_guide,
    nearest_open,
    places_of,
    read_position,
    roster_by_token,
    stores_of,
)
from members.registration.rules import VISIT_LASTS
from stores.org.models import Store

_READER = Actor.system("landing page")


# ---------------------------------------------------------------- a store's code


@require_safe
@phone_page
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """A store's code leads to a guide's at once; the nearest store's asks which store first."""
    roster = _roster(token)
    if roster is None:
        return _dead(request)
    if roster.kind == RosterKind.NEAREST:
        with scope_of(_READER):
            places = places_of(roster, timezone.now())
        return render(request, "registration/nearest.html", {"roster": roster, "places": places})
    assert roster.store is not None  # noqa: S101 - a constraint of the table says so
    return _lead(request, roster, roster.store)


@require_POST
@phone_page
def near(request: HttpRequest, token: str) -> HttpResponse:
    """Her position, asked for once and forgotten with this request: the nearest open store."""
    roster = _roster(token)
    if roster is None:
        return _dead(request)
    position = read_position(request.POST.get("latitude", ""), request.POST.get("longitude", ""))
    if position is None:
        return redirect("member-roster", token=token)
    with scope_of(_READER):
        places = places_of(roster, timezone.now(), position)
    found = nearest_open(places)
    if found is None:
        context = {"roster": roster, "places": places, "all_closed": True}
        return render(request, "registration/nearest.html", context)
    return redirect("member-roster-at", token=token, public_id=found.store.public_id)


@require_safe
@phone_page
def at_store(request: HttpRequest, token: str, public_id: uuid.UUID) -> HttpResponse:
    """The store that she, or her position, has chosen among those of a nearest code."""
    roster = _roster(token)
    if roster is None or roster.kind != RosterKind.NEAREST:
        return _dead(request)
    with scope_of(_READER):
        store = stores_of(roster).filter(public_id=public_id).first()
    return _dead(request) if store is None else _lead(request, roster, store)


def _lead(request: HttpRequest, roster: RosterCode, store: Store) -> HttpResponse:
    """To the guide she was led to just now, when she looks again; else to whose turn it is."""
    visit = registration_of_request(request)
    if visit is not None and _goes_on(visit, roster, store):
        return redirect("member-join", token=visit.channel_code.token)
    if request.method == "HEAD":
        # A look ahead of a messenger's machine is no scan.
        return HttpResponse()
    by = actor_of_entity(store.entity_id, reason="roster code")
    code = choose_guide(roster.pk, store.pk, by=by)
    if code is None:
        return render(request, "registration/nobody_here.html", {"store": store}, status=503)
    return redirect("member-join", token=code.token)


def _goes_on(visit: Registration, roster: RosterCode, store: Store) -> bool:
    is_same = visit.channel_code.roster_id == roster.pk and visit.store_id == store.pk
    fresh = timezone.now() - visit.opened_at < VISIT_LASTS
    is_usable = visit.channel_code.is_active and visit.guide.left_on is None
    return is_same and is_usable and fresh and visit.state != RegistrationState.DONE


# ---------------------------------------------------------------- one person's code


@require_http_methods(["GET", "HEAD", "POST"])
@phone_page
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """A code from a guide's iPad. Looking takes nothing; going on takes it, for this phone alone.

    A messenger that opens addresses ahead of people must not use it up.
    """
    with scope_of(_READER):
        invitation = invitation_by_token(token)
        is_free = invitation is not None and is_open(invitation)
    if invitation is None:
        return _dead(request)
    visit = registration_of_request(request)
    if visit is not None and visit.pk == invitation.registration_id:
        return redirect("member-join", token=invitation.channel_code.token)
    if not is_free:
        return _dead(request)
    if request.method != "POST":
        return render(request, "registration/invited.html", {"invitation": invitation})
    return _take(request, invitation)


def _take(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    by = actor_of_entity(invitation.store.entity_id, reason="registration begun on an iPad")
    try:
        registration = take_invitation(invitation.pk, by=by)
    except InvitationGone:
        return _dead(request)
    response = redirect("member-join", token=invitation.channel_code.token)
    remember_visit(response, registration)
    return response


def _roster(token: str) -> RosterCode | None:
    with scope_of(_READER):
        return roster_by_token(token)


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "registration/dead_code.html", status=404)
