"""Her own pages: the card, what she agreed to, and what is new in the notice."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.consent.actions import decide
from members.consent.errors import ConsentError
from members.consent.models import Notice, Purpose
from members.consent.noticing import see_notice
from members.consent.queries import current_notice, news_for, permissions_of
from members.consent.steps import Proof
from members.identity.access import actor_of_entity
from members.identity.models import Friendship, Member
from members.identity.queries import called, marks_of
from members.identity.rules import masked_phone
from members.profile.queries import friendships_of
from members.registration.doors import address_of, member_page, user_agent_of
from members.registration.qr import qr_of
from members.registration.queries import open_change_of, way_to_owner
from members.rewards.queries import coupons_to_use, rewards_of


@require_safe
@member_page
def card(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Her card as a till scans it, her gifts, her guide."""
    is_friend = any(
        row.until is None and row.guide_id == member.owner_id for row in _friendships(member)
    )
    now = timezone.now()
    with scope_of(actor):
        notice = current_notice(member.entity)
        context = {
            "member": member,
            "name": called(member),
            "qr": qr_of(member.card_no, label=f"会员卡号 {member.card_no}"),
            "coupons": list(coupons_to_use(member, now)),
            "rewards": rewards_of(member, now),
            "is_friend": is_friend,
            "way": None if is_friend else way_to_owner(member),
            "news": news_for(member, notice, at=now),
        }
        return render(request, "profile/own_card.html", context)


@require_safe
@member_page
def privacy(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """What is known, what she agreed to, and every way to change it."""
    with scope_of(actor):
        notice = current_notice(member.entity)
        permissions = permissions_of(member, notice)
        context = {
            "member": member,
            "phone": masked_phone(member.phone),
            "identities": marks_of(member),
            "notice": notice,
            "permissions": permissions,
            "has_granted": any(line.is_granted for line in permissions),
            "change": open_change_of(member),
            "marketplaces": settings.MARKETPLACES,
        }
        return render(request, "profile/privacy.html", context)


@require_POST
@member_page
def decide_one(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """One switch, at once."""
    purpose = request.POST.get("purpose", "")
    if purpose not in Purpose.values or purpose == Purpose.MEMBERSHIP:
        return redirect("member-privacy")
    wanted = request.POST.get("granted") == "on"
    with scope_of(actor):
        notice = current_notice(member.entity)
    try:
        decide(
            member.pk,
            {purpose: wanted},
            notice_id=None if notice is None else notice.pk,
            proof=proof_of(request),
            by=actor,
        )
    except ConsentError as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, "已开启，随时可以关。" if wanted else "已关闭，马上生效。")
    return redirect("member-privacy")


@require_POST
@member_page
def refuse_all(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Everything that can be switched off, with one tap."""
    with scope_of(actor):
        held = [line.purpose for line in permissions_of(member, None) if line.is_granted]
    decide(member.pk, dict.fromkeys(held, False), proof=proof_of(request), by=actor)
    messages.success(request, "全部关闭了，马上生效。会员卡和礼遇不受影响。")
    return redirect("member-privacy")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def news(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """What a newer notice changed, once: a purpose that was added is off until she turns it on."""
    with scope_of(actor):
        notice = current_notice(member.entity)
        found = news_for(member, notice, at=timezone.now())
    if notice is None or found is None:
        return redirect("member-home")
    if request.method != "POST":
        context = {"notice": notice, "items": found.items, "member": member}
        return render(request, "profile/news.html", context)
    _decide_news(request, member, notice, [item["purpose"] for item in found.items], actor)
    messages.success(request, "记下了。想法变了，在这里随时可以改。")
    return redirect("member-privacy")


def _decide_news(
    request: HttpRequest, member: Member, notice: Notice, asked: list[str], actor: Actor
) -> None:
    """Only what this page asked about is decided; a notice she did not see decides nothing."""
    if request.POST.get("notice") != str(notice.version):
        return
    chosen = set(request.POST.getlist("permission"))
    if request.POST.get("answer") == "none":
        chosen = set()
    decisions = {purpose: purpose in chosen for purpose in asked}
    decide(member.pk, decisions, notice_id=notice.pk, proof=proof_of(request), by=actor)
    see_notice(member.pk, notice.pk, by=actor)


def _friendships(member: Member) -> list[Friendship]:
    with scope_of(actor_of_entity(member.entity_id, reason="her own page")):
        return friendships_of(member)


def proof_of(request: HttpRequest) -> Proof:
    return Proof(ip=address_of(request), user_agent=user_agent_of(request))
