"""The iPad asks whether two members are one, and lets a guide correct how a member is called."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from members.identity.access import member_for, pair_for
from members.identity.actions import rename_member
from members.identity.doubles import answer, open_pairs, think_again
from members.identity.errors import IdentityError, StaleEdit
from members.identity.models import Member, MergeSuggestion
from members.identity.queries import called
from members.identity.rules import EVIDENCE, face_of, masked_phone, tone_of
from stores.org.models import Guide
from stores.tablet.cards import Card
from stores.tablet.doors import guide_page, toast_next

_MOST = 5


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, as she stands beside the other."""

    name: str
    card_no: str
    phone: str
    store: str
    owner: str
    tier: str
    joined_at: datetime


def side_of(member: Member) -> Side:
    """What a person compares; masked as everywhere."""
    return Side(
        name=called(member),
        card_no=member.card_no,
        phone=masked_phone(member.phone) or "没有",
        store=member.home_store.name,
        owner=member.owner.name if member.owner is not None else "没有",
        tier=member.get_tier_display(),
        joined_at=member.joined_at,
    )


def words_of(evidence: Sequence[str]) -> list[str]:
    """The codes of a suggestion as sentences."""
    return [EVIDENCE[code] for code in evidence if code in EVIDENCE]


@require_http_methods(["GET", "HEAD", "POST"])
@guide_page
def pair(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """Both sides, the evidence, and two answers of equal size."""
    with scope_of(actor):
        found = pair_for(actor, public_id)
        sides = [side_of(found.first), side_of(found.second)]
    if request.method != "POST":
        context = {"pair": found, "sides": sides, "evidence": words_of(found.evidence)}
        return render(request, "identity/pair.html", context)
    is_same = request.POST.get("answer") == "same"
    try:
        answer(found, is_same=is_same, by=actor)
    except IdentityError as fault:
        toast_next(request, str(fault))
        return redirect("tablet-today")
    undo = reverse("tablet-pair-again", args=[found.public_id])
    toast_next(request, "已合并成一位" if is_same else "记下了，不是同一位", undo=undo)
    return redirect("tablet-today")


@require_POST
@guide_page
def again(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """Take the answer back."""
    with scope_of(actor):
        found = pair_for(actor, public_id)
    try:
        think_again(found, by=actor)
    except IdentityError as fault:
        toast_next(request, str(fault))
    else:
        toast_next(request, "已恢复成原来的样子")
    return redirect("tablet-pair", found.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@guide_page
def edit(request: HttpRequest, guide: Guide, actor: Actor, public_id: uuid.UUID) -> HttpResponse:
    """Correct how she is called. Who wrote on an old copy is shown both, and loses nothing."""
    with scope_of(actor):
        member = member_for(actor, public_id)
    page = {"member": member, "called": called(member), "typed": member.name or ""}
    if request.method != "POST":
        return render(request, "identity/edit.html", page)
    typed, version = request.POST.get("name", ""), _version(request)
    if version is None:
        return render(request, "identity/edit.html", {**page, "typed": typed}, status=428)
    try:
        rename_member(member.pk, name=typed, version=version, by=actor)
    except StaleEdit:
        return render(
            request, "identity/edit.html", {**page, "typed": typed, "is_stale": True}, status=412
        )
    toast_next(request, "已保存")
    return redirect("tablet-member", member.public_id)


def _version(request: HttpRequest) -> int | None:
    """What the writer looked at: the form's hidden field, or a program's If-Match."""
    said = request.headers.get("If-Match", "").strip('W/"') or request.POST.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def cards(actor: Actor, guide: Guide, at: datetime) -> list[Card]:
    """Pairs of whom this guide, or this manager, sees both."""
    return [_card(found) for found in open_pairs()[:_MOST]]


def _card(found: MergeSuggestion) -> Card:
    name = called(found.first)
    return Card(
        key=f"pair:{shown_id(found.public_id)}",
        urgency="kind",
        title=f"{name}，{called(found.second)}",
        why="这两份会员资料可能是同一位",
        href=reverse("tablet-pair", args=[found.public_id]),
        act="去看看",
        face=face_of(name),
        tone=tone_of(found.first_id),
    )
