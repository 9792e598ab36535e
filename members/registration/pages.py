"""The pages a customer sees from the scan to her card. Each asks one question and loses nothing."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import read_id, shown_id
from members.consent.models import Notice
from members.consent.queries import current_notice
from members.consent.steps import Proof
from members.identity.rules import masked_phone
from members.registration.actions import (
    agree,
    decline,
    keep_wechat_identity,
    open_registration,
    request_code,
)
from members.registration.doors import (
    forget_everything,
    member_of_request,
    phone_page,
    registrant,
    registration_of_request,
    remember_member,
    remember_visit,
)
from members.registration.errors import RegistrationError, TooManyCodes, WrongPhone
from members.registration.joining import Proven, try_code
from members.registration.models import ChannelCode, Registration, RegistrationState
from members.registration.queries import code_by_token, newest_code_of
from members.registration.rules import MOST_TRIES, VISIT_LASTS
from wecom.gateway import WecomError
from wecom.gateway.web import person_by_code, service_account_authorize_url

log = structlog.get_logger(__name__)

State = RegistrationState
_READER = Actor.system("landing page")


@require_GET
@phone_page
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Who asks, what for, and a permission per purpose; a reload goes on where she was."""
    code = _code(token)
    if code is None:
        return render(request, "registration/dead_code.html", status=404)
    member = member_of_request(request)
    if member is not None and member.entity_id == code.store.entity_id:
        return render(request, "registration/already.html", {"code": code, "member": member})
    visit = _visit_of(request, code)
    is_new = visit is None or _is_over(visit)
    if visit is None or is_new:
        visit = open_registration(code.pk, by=registrant(code))
    if "again" not in request.GET and visit.state in {State.AGREED, State.PHONE}:
        return redirect("member-code" if visit.state == State.PHONE else "member-phone")
    response = _landing(request, code, visit)
    if is_new:
        remember_visit(response, visit)
    return response


def _landing(
    request: HttpRequest, code: ChannelCode, visit: Registration, fault: str = ""
) -> HttpResponse:
    with scope_of(_READER):
        notice = current_notice(code.store.entity)
    if notice is None:
        return render(request, "registration/no_notice.html", {"code": code}, status=503)
    items = [
        {**item, "is_chosen": bool(visit.decisions.get(item["purpose"]))} for item in notice.items
    ]
    context = {
        "code": code,
        "notice": notice,
        "notice_id": shown_id(notice.public_id),
        "items": items,
        "fault": fault,
    }
    return render(request, "registration/landing.html", context, status=409 if fault else 200)


@require_POST
@phone_page
def agreed(request: HttpRequest, token: str) -> HttpResponse:
    """She goes on: keep what she ticked, then ask WeChat who she is, then her phone."""
    code = _code(token)
    if code is None:
        return render(request, "registration/dead_code.html", status=404)
    visit = _visit_of(request, code)
    if visit is None:
        # The visit's cookie was lost or is another code's: she reads the notice again.
        return redirect("member-join", token=token)
    try:
        visit = agree(
            visit.pk,
            notice_id=_number_of_notice(request.POST.get("notice", "")),
            granted=set(request.POST.getlist("permission")),
            proof=Proof(ip=address_of(request), user_agent=_user_agent(request)),
            by=registrant(code),
        )
    except RegistrationError as fault:
        return _landing(request, code, visit, str(fault))
    if visit.unionid is None and _is_wechat(request):
        back = settings.PUBLIC_URL + reverse("member-back")
        return HttpResponseRedirect(service_account_authorize_url(back, visit.public_id.hex))
    return redirect("member-phone")


@require_POST
@phone_page
def declined(request: HttpRequest, token: str) -> HttpResponse:
    """She would rather not: nothing of the visit stays."""
    code = _code(token)
    visit = None if code is None else _visit_of(request, code)
    if code is not None and visit is not None and visit.state != State.DONE:
        decline(visit.pk, by=registrant(code))
    return render(request, "registration/declined.html", {"code": code})


@require_safe
@phone_page
def back_from_wechat(request: HttpRequest) -> HttpResponse:
    """WeChat sends her back with a code, or without when she said no there; both go on."""
    visit = registration_of_request(request)
    if visit is None or visit.agreed_at is None or request.GET.get("state") != visit.public_id.hex:
        return _lost(request, visit)
    code = request.GET.get("code", "")
    if code and visit.state != State.DONE and visit.openid is None:
        try:
            person = person_by_code(code)
        except WecomError as error:
            # Her phone alone is enough to be a member; her guide will be asked who the friend is.
            log.info("service_account_silent", code=error.code)
        else:
            keep_wechat_identity(
                visit.pk,
                openid=person.openid,
                unionid=person.unionid,
                by=registrant(visit.channel_code),
            )
    return redirect("member-phone")


@require_http_methods(["GET", "HEAD", "POST"])
@phone_page
def phone(request: HttpRequest) -> HttpResponse:
    """One field: her number."""
    visit = registration_of_request(request)
    if visit is None or visit.agreed_at is None:
        return _lost(request, visit)
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
        return _lost(request, visit)
    with scope_of(_READER):
        newest = newest_code_of(visit)
        number = "" if newest is None else str(newest.phone)
    return _send_code(request, visit, number)


def _send_code(request: HttpRequest, visit: Registration, number: str) -> HttpResponse:
    by = registrant(visit.channel_code)
    try:
        request_code(visit.pk, phone=number, ip=address_of(request), by=by)
    except WrongPhone as fault:
        return _ask_phone(request, visit, number=number[:20], fault=str(fault))
    except TooManyCodes:
        return render(request, "registration/too_many.html", {"visit": visit}, status=429)
    except RegistrationError:
        return _lost(request, visit)
    return redirect("member-code")


def _ask_phone(
    request: HttpRequest, visit: Registration, *, number: str = "", fault: str = ""
) -> HttpResponse:
    context = {"visit": visit, "number": number, "fault": fault}
    return render(request, "registration/phone.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@phone_page
def code(request: HttpRequest) -> HttpResponse:
    """Six digits; right ones end at her card."""
    visit = registration_of_request(request)
    if visit is None or visit.agreed_at is None:
        return _lost(request, visit)
    if visit.state == State.DONE and visit.member is not None:
        response: HttpResponse = redirect("member-home")
        remember_member(response, visit.member)
        return response
    if request.method != "POST":
        return _ask_code(request, visit, None)
    digits = "".join(sign for sign in request.POST.get("code", "")[:20] if sign.isdecimal())
    proven = try_code(visit.pk, code=digits, by=registrant(visit.channel_code))
    if proven != Proven.YES:
        return _ask_code(request, visit, proven)
    done = registration_of_request(request)
    response = redirect("member-home")
    if done is not None and done.member is not None:
        remember_member(response, done.member)
    return response


_FAULTS = {
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
        "fault": _FAULTS.get(proven, "") if proven else "",
    }
    return render(request, "registration/code.html", context)


@require_safe
def notice(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The whole text of a published notice, for good at this address."""
    with scope_of(_READER):
        found = (
            Notice.objects.select_related("entity")
            .filter(public_id=public_id)
            .exclude(published_at=None)
            .first()
        )
    if found is None:
        return render(request, "registration/dead_code.html", status=404)
    return render(request, "registration/notice.html", {"notice": found})


@require_POST
@phone_page
def somebody_else(request: HttpRequest) -> HttpResponse:
    """Another person holds the phone now: forget who was here, and go on."""
    token = request.POST.get("token", "")
    known = _code(token) is not None
    response = redirect("member-join", token=token) if known else redirect("member-home")
    forget_everything(response)
    return response


def address_of(request: HttpRequest) -> str:
    """The visitor's address as the server in front of us states it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def _user_agent(request: HttpRequest) -> str:
    return request.headers.get("User-Agent", "")


def _is_wechat(request: HttpRequest) -> bool:
    """WeChat's page of consent opens nowhere but in WeChat; in a demo the sandbox plays it."""
    if not settings.WECHAT_APP_ID:
        return False
    return "MicroMessenger" in _user_agent(request) or bool(settings.SANDBOX_URL)


def _code(token: str) -> ChannelCode | None:
    with scope_of(_READER):
        return code_by_token(token)


def _visit_of(request: HttpRequest, code: ChannelCode) -> Registration | None:
    """The visit this browser is on, when it is of this code and not finished."""
    visit = registration_of_request(request)
    if visit is None or visit.channel_code_id != code.pk or visit.state == State.DONE:
        return None
    return visit


def _is_over(visit: Registration) -> bool:
    """She looked some time ago and did not go on: looking again is another scan."""
    return visit.agreed_at is None and timezone.now() - visit.opened_at > VISIT_LASTS


def _number_of_notice(shown: str) -> int:
    """The key of the notice she was shown; 0, which is none, for anything else."""
    try:
        public_id = read_id(shown)
    except ValueError:
        return 0
    with scope_of(_READER):
        found = Notice.objects.filter(public_id=public_id).values_list("pk", flat=True).first()
    return found or 0


def _lost(request: HttpRequest, visit: Registration | None) -> HttpResponse:
    """The visit is not known here, or stands before the notice: the code's page is the way on."""
    if visit is not None:
        return redirect("member-join", token=visit.channel_code.token)
    return render(request, "registration/lost.html", status=410)
