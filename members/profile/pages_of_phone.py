"""Her phone changes: the new number is proven, then the old one, or three days and HQ.

The steps stand on one page, which shows the one that comes next.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.identity.models import Member
from members.identity.rules import masked_phone
from members.registration.alarms import note_budget_spent
from members.registration.changing import (
    ask_for_new_phone,
    take_back_change,
    try_new_phone,
    try_old_phone,
    wait_for_change,
)
from members.registration.comparing import Proven
from members.registration.doors import acting_for, address_of, member_page
from members.registration.errors import BudgetSpent, RegistrationError
from members.registration.models import Proof
from members.registration.models_of_phones import ChangeState
from members.registration.pages_of_phones import FAULTS, digits_of, read_by_her, said_of
from members.registration.proving import request_own_code
from members.registration.queries import open_change_of


@require_safe
@member_page
def change_phone(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """The step that comes next."""
    return _step(request, member, actor)


def _step(
    request: HttpRequest,
    member: Member,
    actor: Actor,
    fault: RegistrationError | None = None,
    *,
    number: str = "",
    code_fault: str = "",
) -> HttpResponse:
    with scope_of(actor):
        change = open_change_of(member)
        asked_old = (
            change is not None
            and member.one_time_codes.filter(
                proof=Proof.OLD_PHONE, made_at__gte=change.asked_at
            ).exists()
        )
    context = {
        "change": change,
        "old": masked_phone(member.phone),
        "new": masked_phone(change.phone) if change is not None else "",
        "is_waiting": change is not None and change.state == ChangeState.WAITING,
        "asked_old": asked_old,
        "number": number,
        "code_fault": code_fault,
        **said_of(fault),
    }
    return render(request, "profile/change_phone.html", context)


@require_POST
@member_page
def new_phone(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """The new number; a code goes there."""
    number, by = request.POST.get("phone", ""), acting_for(member)
    try:
        is_human = read_by_her(request, by=by)
        ask_for_new_phone(member.pk, phone=number, ip=address_of(request), is_human=is_human, by=by)
    except RegistrationError as fault:
        return _refused(request, member, actor, fault, number)
    return redirect("member-change-phone")


@require_POST
@member_page
def ask_old_phone(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """A code to the old number."""
    by = acting_for(member)
    try:
        is_human = read_by_her(request, by=by)
        request_own_code(
            member.pk, ip=address_of(request), proof=Proof.OLD_PHONE, is_human=is_human, by=by
        )
    except RegistrationError as fault:
        return _refused(request, member, actor, fault, "")
    return redirect("member-change-phone")


def _refused(
    request: HttpRequest, member: Member, actor: Actor, fault: RegistrationError, number: str
) -> HttpResponse:
    if isinstance(fault, BudgetSpent):
        note_budget_spent(by=Actor.system("her own page"))
    return _step(request, member, actor, fault, number=number[:20])


@require_POST
@member_page
def prove_phone(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """The code of the new number, or that of the old one; the second ends the change."""
    code, by = digits_of(request.POST.get("code", "")), acting_for(member)
    is_old = request.POST.get("which") == "old"
    attempt = try_old_phone if is_old else try_new_phone
    try:
        found = attempt(member.pk, code=code, by=by)
    except RegistrationError as fault:
        return _step(request, member, actor, fault)
    if found != Proven.YES:
        return _step(request, member, actor, code_fault=FAULTS[found])
    if is_old:
        return _told(request, member, actor)
    return redirect("member-change-phone")


def _told(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """What became of it: changed, or the number has a card of its own."""
    with scope_of(actor):
        ended = member.phone_changes.order_by("-asked_at").first()
    if ended is not None and ended.state == ChangeState.DONE:
        messages.success(request, "手机号换好了，以后报新号码。")
    else:
        messages.error(request, "" if ended is None else ended.reason)
    return redirect("member-privacy")


@require_http_methods(["POST"])
@member_page
def wait(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """The old phone is lost."""
    try:
        wait_for_change(member.pk, by=acting_for(member))
    except RegistrationError as fault:
        return _step(request, member, actor, fault)
    return redirect("member-change-phone")


@require_POST
@member_page
def stop(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """She keeps her number."""
    take_back_change(member.pk, by=acting_for(member))
    messages.success(request, "已取消，手机号没有变。")
    return redirect("member-privacy")
