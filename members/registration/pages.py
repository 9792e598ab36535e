"""The pages a customer sees from the scan to her card. Each asks one question and loses nothing."""

from __future__ import annotations

import uuid

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
from members.consent.reading import as_text, blocks_to_read
from members.consent.steps import Proof
from members.registration.actions import agree, decline, keep_wechat_identity, open_registration
from members.registration.ages import (
    GUARDIAN_UNDER,
    Age,
    age_by_year,
    is_under,
    read_day,
    read_year,
)
from members.registration.doors import (
    address_of,
    forget_everything,
    lost,
    member_of_request,
    phone_page,
    refused_here,
    registrant,
    registration_of_request,
    remember_refusals,
    remember_visit,
    user_agent_of,
)
from members.registration.errors import NoticeChanged, RegistrationError
from members.registration.models import ChannelCode, Registration, RegistrationState
from members.registration.queries import code_by_token, store_of_left_guide
from members.registration.rules import VISIT_LASTS
from members.registration.steps import day_at
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
        return _dead(request, token)
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


def _dead(request: HttpRequest, token: str) -> HttpResponse:
    """A code that was ended or never was; one whose guide has left says so."""
    with scope_of(_READER):
        store = store_of_left_guide(token)
    if store is None:
        return render(request, "registration/dead_code.html", status=404)
    return render(request, "registration/guide_left.html", {"store": store}, status=404)


def _landing(
    request: HttpRequest, code: ChannelCode, visit: Registration, fault: str = "", status: int = 200
) -> HttpResponse:
    with scope_of(_READER):
        notice = current_notice(code.store.entity)
    if notice is None:
        return render(request, "registration/no_notice.html", {"code": code}, status=503)
    items = [
        {**item, "is_chosen": bool(visit.decisions.get(item["purpose"]))}
        for item in _offered(request, notice, visit)
    ]
    context = {
        "code": code,
        "notice": notice,
        "notice_id": shown_id(notice.public_id),
        "items": items,
        "not_asked": len(notice.items) - len(items),
        "fault": fault,
    }
    return render(request, "registration/landing.html", context, status=status)


def _offered(request: HttpRequest, notice: Notice, visit: Registration) -> list[dict[str, str]]:
    """What the page asks about: not what was refused in this browser within 180 days.

    Who goes back within her visit sees all that she was asked in it.
    """
    refused = refused_here(request) - set(visit.decisions)
    return [item for item in notice.items if item["purpose"] not in refused]


@require_POST
@phone_page
def agreed(request: HttpRequest, token: str) -> HttpResponse:
    """She goes on: keep what she ticked, then ask WeChat who she is, then her phone.

    Without the notice that is shown now nothing is written at all.
    """
    code = _code(token)
    if code is None:
        return _dead(request, token)
    visit = _visit_of(request, code)
    notice = _notice_of(request)
    if visit is None:
        # The visit's cookie was lost or is another code's: she reads the notice again.
        status = 302 if notice is not None else 400
        return _again(request, code) if status == 400 else redirect("member-join", token=token)
    if notice is None:
        return _landing(request, code, visit, str(NoticeChanged()), status=400)
    year, young = _year_of(request, code, notice)
    if young is not None:
        return _asked_age(request, code, visit, young, year)
    offered = _offered(request, notice, visit)
    chosen = request.POST.getlist("permission")
    try:
        visit = agree(
            visit.pk,
            notice_id=notice.pk,
            offered={item["purpose"] for item in offered},
            granted=set(chosen),
            birth_year=year,
            proof=Proof(ip=address_of(request), user_agent=user_agent_of(request)),
            by=registrant(code),
        )
    except RegistrationError as fault:
        return _landing(request, code, visit, str(fault), status=400)
    response = _on_to_phone(request, visit)
    refused = [item["purpose"] for item in offered if item["purpose"] not in chosen]
    remember_refusals(request, response, refused, chosen)
    return response


def _again(request: HttpRequest, code: ChannelCode) -> HttpResponse:
    return render(request, "registration/scan_again.html", {"code": code}, status=400)


def _on_to_phone(request: HttpRequest, visit: Registration) -> HttpResponse:
    if visit.unionid is None and _is_wechat(request):
        back = settings.PUBLIC_URL + reverse("member-back")
        return HttpResponseRedirect(service_account_authorize_url(back, visit.public_id.hex))
    return redirect("member-phone")


def _year_of(
    request: HttpRequest, code: ChannelCode, notice: Notice
) -> tuple[int | None, Age | None]:
    """The year she filled in where it is asked for, and what speaks against going on.

    In the year of her 14th birthday the day decides: it is read from the form and kept nowhere.
    """
    today = day_at(code.store, timezone.now())
    year = read_year(request.POST.get("birth_year", ""), today) if notice.asks_birth_year else None
    if year is None:
        return None, None
    age = age_by_year(year, today)
    born = read_day(year, request.POST.get("month", ""), request.POST.get("day", ""))
    if age == Age.UNSURE and born is not None:
        age = Age.TOO_YOUNG if is_under(GUARDIAN_UNDER, born, today) else Age.OLD_ENOUGH
    return year, None if age == Age.OLD_ENOUGH else age


def _asked_age(
    request: HttpRequest, code: ChannelCode, visit: Registration, age: Age, year: int | None
) -> HttpResponse:
    if age == Age.UNSURE:
        context = {
            "code": code,
            "year": year,
            "notice_id": request.POST.get("notice", ""),
            "chosen": request.POST.getlist("permission"),
        }
        return render(request, "registration/birthday.html", context)
    decline(visit.pk, by=registrant(code))
    return render(request, "registration/too_young.html", {"code": code, "by_date": True})


@require_http_methods(["GET", "HEAD", "POST"])
@phone_page
def too_young(request: HttpRequest, token: str) -> HttpResponse:
    """She says herself that she is younger than 14: nothing stays of the visit."""
    code = _code(token)
    if code is None:
        return _dead(request, token)
    visit = _visit_of(request, code)
    if request.method != "POST":
        return render(request, "registration/too_young.html", {"code": code})
    if visit is not None:
        decline(visit.pk, by=registrant(code))
    # Whoever is too young is not asked whether she thinks otherwise.
    return render(request, "registration/declined.html", {"code": None})


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
        return lost(request, visit)
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
    processor = {"name": found.entity.name, "contact": found.entity.contact}
    blocks = blocks_to_read({"processor": processor, **found.blocks})
    if request.GET.get("as") == "text":
        text = as_text(str(found), found.summary, found.body, found.items, blocks)
        name = f"notice-{found.version}.txt"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)
    return render(request, "registration/notice.html", {"notice": found, "blocks": blocks})


@require_POST
@phone_page
def somebody_else(request: HttpRequest) -> HttpResponse:
    """Another person holds the phone now: forget who was here, and go on."""
    token = request.POST.get("token", "")
    known = _code(token) is not None
    response = redirect("member-join", token=token) if known else redirect("member-home")
    forget_everything(response)
    return response


def _is_wechat(request: HttpRequest) -> bool:
    """WeChat's page of consent opens nowhere but in WeChat; in a demo the sandbox plays it."""
    if not settings.WECHAT_APP_ID:
        return False
    return "MicroMessenger" in user_agent_of(request) or bool(settings.SANDBOX_URL)


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


def _notice_of(request: HttpRequest) -> Notice | None:
    """The published notice that the form names; None for anything else."""
    try:
        public_id = read_id(request.POST.get("notice", ""))
    except ValueError:
        return None
    with scope_of(_READER):
        found = Notice.objects.filter(public_id=public_id).exclude(published_at=None)
        return found.select_related("entity").first()
