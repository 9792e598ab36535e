"""The pages on which a phone is proven: the number, a picture now and then, six digits."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.identity.rules import masked_phone
from members.registration.actions import request_code
from members.registration.alarms import note_budget_spent
from members.registration.changing import change_guide
from members.registration.comparing import Proven
from members.registration.doors import (
    acting_for,
    address_of,
    lost,
    member_of_request,
    phone_page,
    registrant,
    registration_of_request,
    remember_member,
    remember_proven,
)
from members.registration.errors import (
    BudgetSpent,
    PictureFirst,
    RegistrationError,
    TooManyCodes,
    WrongPhone,
    WrongPicture,
)
from members.registration.joining import try_code
from members.registration.models import Outcome, Registration, RegistrationState
from members.registration.pictures import draw_picture, read_picture
from members.registration.queries import code_by_token, newest_code_of
from members.registration.rules import MOST_TRIES

State = RegistrationState
_READER = Actor.system("landing page")


@require_http_methods(["GET", "HEAD", "POST"])
@phone_page
def phone(request: HttpRequest) -> HttpResponse:
    """One field: her number."""
    visit = registration_of_request(request)
    if visit is None or visit.agreed_at is None:
        return lost(request, visit)
    if visit.state == State.DONE:
        return redirect("member-home")
    if request.method != "POST":
        return _ask_phone(request, visit)
    return _send_code(request, visit, request.POST.get("phone", ""))


@require_POST
@phone_page
def code_again(request: HttpRequest) -> HttpResponse:
    """Another code to the same number."""
    visit = registration_of_request(request)
    if visit is None or visit.agreed_at is None:
        return lost(request, visit)
    with scope_of(_READER):
        newest = newest_code_of(visit)
        number = "" if newest is None else str(newest.phone)
    return _send_code(request, visit, number)


def _send_code(request: HttpRequest, visit: Registration, number: str) -> HttpResponse:
    by = registrant(visit.channel_code)
    typed = number.removeprefix("+86")[:20]
    try:
        is_human = read_by_her(request, by=by)
        request_code(visit.pk, phone=number, ip=address_of(request), is_human=is_human, by=by)
    except (WrongPhone, WrongPicture) as fault:
        return _ask_phone(request, visit, number=typed, fault=fault)
    except PictureFirst as first:
        return _ask_phone(request, visit, number=typed, fault=first)
    except BudgetSpent:
        note_budget_spent(by=_READER)
        return render(request, "registration/busy.html", {"visit": visit}, status=503)
    except TooManyCodes:
        return render(request, "registration/too_many.html", {"visit": visit}, status=429)
    except RegistrationError:
        return lost(request, visit)
    return redirect("member-code")


def read_by_her(request: HttpRequest, *, by: Actor) -> bool:
    """Whether the form carries a picture that she has read; False when it carries none.

    Raises WrongPicture: the picture is used up, and the next page shows another.
    """
    if "picture" not in request.POST:
        return False
    if not read_picture(request.POST["picture"], request.POST.get("digits", ""), by=by):
        raise WrongPicture
    return True


def _ask_phone(
    request: HttpRequest,
    visit: Registration,
    *,
    number: str = "",
    fault: RegistrationError | None = None,
) -> HttpResponse:
    context = {"visit": visit, "number": number, **said_of(fault)}
    return render(request, "registration/phone.html", context)


def said_of(fault: RegistrationError | None) -> dict[str, str]:
    """What a form of a number says of a fault, and the picture it shows next to it."""
    with_picture = isinstance(fault, PictureFirst | WrongPicture)
    return {
        "fault": str(fault) if fault is not None and not with_picture else "",
        "picture": draw_picture(by=_READER) if with_picture else "",
        "picture_fault": str(fault) if isinstance(fault, WrongPicture) else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@phone_page
def code(request: HttpRequest) -> HttpResponse:
    """Six digits; right ones end at her card."""
    visit = registration_of_request(request)
    if visit is None or visit.agreed_at is None:
        return lost(request, visit)
    if visit.state == State.DONE and visit.member is not None:
        return _to_card(visit)
    if request.method != "POST":
        return _ask_code(request, visit, None)
    typed = request.POST.get("code", "")
    proven = try_code(visit.pk, code=digits_of(typed), by=registrant(visit.channel_code))
    if proven != Proven.YES:
        return _ask_code(request, visit, proven)
    done = registration_of_request(request)
    if done is None or done.member is None:
        return redirect("member-home")
    response = _to_card(done)
    # She showed a moment ago that it is she: her own copy asks for no second code.
    remember_proven(response, done.member)
    return response


def digits_of(typed: str) -> str:
    """The digits among what somebody typed or pasted."""
    return "".join(sign for sign in typed[:20] if sign.isdecimal())


def _to_card(visit: Registration) -> HttpResponse:
    """Her card; who was a member before reads first that she was, and is asked about her guide."""
    is_known = visit.outcome in {Outcome.KNOWN, Outcome.BACK}
    response = redirect("member-welcome" if is_known else "member-home")
    if visit.member is not None:
        remember_member(response, visit.member)
    return response


FAULTS = {
    Proven.WRONG: "验证码不对，请再看一眼短信。",
    Proven.EXPIRED: "验证码已经过期了，请重新获取。",
    Proven.TOO_MANY: "试的次数太多了，请重新获取一个验证码。",
}


def _ask_code(request: HttpRequest, visit: Registration, proven: Proven | None) -> HttpResponse:
    with scope_of(_READER):
        newest = newest_code_of(visit)
    if newest is None:
        return redirect("member-phone")
    is_open = newest.is_open(timezone.now()) and newest.tries < MOST_TRIES
    context: dict[str, Any] = {
        "visit": visit,
        "phone": masked_phone(newest.phone),
        "is_open": is_open,
        "tries_left": MOST_TRIES - newest.tries if proven == Proven.WRONG else None,
        "fault": FAULTS.get(proven, "") if proven else "",
    }
    return render(request, "registration/code.html", context)


@require_safe
@phone_page
def welcome(request: HttpRequest) -> HttpResponse:
    """Her phone was proven, and she was a member before, perhaps another guide's, or had left."""
    visit, member = registration_of_request(request), member_of_request(request)
    if visit is None or member is None or visit.member_id != member.pk:
        return redirect("member-home")
    context = {"code": visit.channel_code, "member": member, "is_back": visit.outcome == "back"}
    return render(request, "registration/already.html", context)


@require_POST
@phone_page
def choose_guide(request: HttpRequest) -> HttpResponse:
    """She says that the guide of this code shall be hers; nobody else says it for her."""
    member = member_of_request(request)
    with scope_of(_READER):
        found = code_by_token(request.POST.get("token", ""))
    if member is None or found is None:
        return redirect("member-home")
    try:
        change_guide(member.pk, guide_id=found.guide_id, by=acting_for(member))
    except RegistrationError:
        return render(request, "registration/dead_code.html", status=404)
    return render(request, "registration/guide_chosen.html", {"code": found})
