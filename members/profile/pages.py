"""Her own pages: the card, and everything she may see, change, take along or end."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.consent.actions import decide, leave_membership
from members.consent.errors import ConsentError
from members.consent.models import Purpose
from members.consent.queries import current_notice, permissions_of
from members.consent.steps import Proof
from members.identity.access import actor_of_entity
from members.identity.actions import rename_member
from members.identity.models import Friendship, Member
from members.identity.queries import called
from members.identity.rules import masked_phone
from members.profile.queries import copy_of, friendships_of
from members.registration.doors import forget_everything, member_page
from members.registration.pages import address_of
from members.registration.qr import qr_of
from members.registration.queries import way_to_owner
from members.rewards.queries import coupons_to_use


@require_safe
@member_page
def card(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Her card as a till scans it, her gifts, her guide."""
    is_friend = any(
        row.until is None and row.guide_id == member.owner_id for row in _friendships(member)
    )
    with scope_of(actor):
        context = {
            "member": member,
            "name": called(member),
            "qr": qr_of(member.card_no, label=f"会员卡号 {member.card_no}"),
            "coupons": list(coupons_to_use(member, timezone.now())),
            "is_friend": is_friend,
            "way": None if is_friend else way_to_owner(member),
        }
        return render(request, "profile/own_card.html", context)


@require_safe
@member_page
def privacy(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """What is known, what she agreed to, and every way to change it."""
    with scope_of(actor):
        notice = current_notice(member.entity)
        context = {
            "member": member,
            "phone": masked_phone(member.phone),
            "identities": [row.get_kind_display() for row in member.identities.order_by("pk")],
            "notice": notice,
            "permissions": permissions_of(member, notice),
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
            proof=_proof(request),
            by=actor,
        )
    except ConsentError as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, "已开启，随时可以关。" if wanted else "已关闭，马上生效。")
    return redirect("member-privacy")


@require_POST
@member_page
def rename(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Correct how she is called."""
    rename_member(member.pk, name=request.POST.get("name", ""), by=actor)
    messages.success(request, "改好了。")
    return redirect("member-privacy")


@require_safe
@member_page
def copy(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Everything kept of her, as a file."""
    friendships = _friendships(member)
    with scope_of(actor):
        document = copy_of(member, friendships)
    response = JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def leave(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Asks once, then ends the membership and everything she agreed to."""
    if request.method != "POST":
        return render(request, "profile/leave.html", {"member": member})
    leave_membership(member.pk, proof=_proof(request), by=actor)
    response = render(request, "profile/left.html", {"entity": member.entity})
    forget_everything(response)
    return response


def _friendships(member: Member) -> list[Friendship]:
    with scope_of(actor_of_entity(member.entity_id, reason="her own page")):
        return friendships_of(member)


def _proof(request: HttpRequest) -> Proof:
    return Proof(ip=address_of(request), user_agent=request.headers.get("User-Agent", ""))
