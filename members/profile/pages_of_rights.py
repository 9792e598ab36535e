"""Her rights, each on a page of her phone: correct, copy, restrict, ask, see who looked, leave."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from members.consent.actions import leave_membership
from members.consent.models import Purpose
from members.consent.queries import to_ask
from members.identity.errors import StaleEdit
from members.identity.models import Member
from members.identity.rules import masked_phone
from members.privacy.actions import disclose, open_request
from members.privacy.answering import restrict_member
from members.privacy.copies import document_of, parts_of
from members.privacy.models import RequestKind
from members.privacy.queries import disclosures_of, looks_at, requests_of
from members.privacy.reading_copies import pages_of
from members.profile.correcting import correct_birth_year, correct_name
from members.profile.pages import proof_of
from members.registration.ages import Age, age_by_year, read_year
from members.registration.alarms import note_budget_spent
from members.registration.comparing import Proven
from members.registration.doors import (
    acting_for,
    address_of,
    is_proven,
    let_go,
    member_page,
    remember_proven,
)
from members.registration.errors import BudgetSpent, RegistrationError
from members.registration.pages_of_phones import FAULTS, digits_of, read_by_her, said_of
from members.registration.proving import request_own_code, try_own_code
from members.registration.steps import day_at

# What she may ask for here in her own words; the rest has a page that does it at once.
ASKED = (
    RequestKind.COMPLAINT,
    RequestKind.DELETE,
    RequestKind.CORRECT,
    RequestKind.EXPLAIN,
    RequestKind.PORT,
)
_RESTRICTED = "从现在起只保存，不再使用您的资料，也不再联系您。"
_NEXT = {"copy": "member-copy"}


@require_POST
@member_page
def rename(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Correct how she is called. Who wrote on an old copy is told, and nothing is saved."""
    said = request.POST.get("version", "")
    version = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else -1
    try:
        correct_name(
            member.pk,
            name=request.POST.get("name", ""),
            version=version,
            by=acting_for(member),
        )
    except StaleEdit:
        messages.error(request, "刚才有人改过，您写的还没有保存。请看看现在的称呼，再改一次。")
    else:
        messages.success(request, "改好了。")
    return redirect("member-privacy")


@require_POST
@member_page
def birth_year(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Correct the year of her birth, or take it away."""
    typed = request.POST.get("birth_year", "").strip()
    today = day_at(member.home_store, timezone.now())
    year = read_year(typed, today)
    if typed and year is None:
        messages.error(request, "年份请写 4 位数字，也可以留空。")
    elif year is not None and age_by_year(year, today) != Age.OLD_ENOUGH:
        messages.error(
            request, "未满 14 周岁的会员卡要由监护人办理，请用下面的“提出请求”联系我们。"
        )
    else:
        correct_birth_year(member.pk, year=year, by=actor)
        messages.success(request, "改好了。")
    return redirect("member-privacy")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def prove(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """A code to the phone of her card, before something that must not fall into other hands."""
    goal = request.GET.get("for", "copy")
    context = {"phone": masked_phone(member.phone), "goal": goal, "is_sent": False}
    if goal not in _NEXT:
        return redirect("member-privacy")
    if request.method != "POST":
        return render(request, "profile/prove.html", context)
    if "code" not in request.POST:
        return _send_own_code(request, member, actor, context)
    found = try_own_code(member.pk, code=digits_of(request.POST["code"]), by=actor)
    if found != Proven.YES:
        context |= {"is_sent": True, "fault": FAULTS[found]}
        return render(request, "profile/prove.html", context)
    response = redirect(_NEXT[goal])
    remember_proven(response, member)
    return response


def _send_own_code(
    request: HttpRequest, member: Member, actor: Actor, context: dict[str, object]
) -> HttpResponse:
    try:
        is_human = read_by_her(request, by=actor)
        request_own_code(member.pk, ip=address_of(request), is_human=is_human, by=actor)
    except RegistrationError as fault:
        if isinstance(fault, BudgetSpent):
            note_budget_spent(by=Actor.system("her own page"))
        return render(request, "profile/prove.html", context | said_of(fault))
    return render(request, "profile/prove.html", context | {"is_sent": True})


@require_safe
@member_page
def copy(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Everything kept of her, to read; `?file` gives the same to a program."""
    if not is_proven(request, member):
        return redirect("member-prove")
    now = timezone.now()
    with scope_of(Actor.system("her own copy")):
        parts = parts_of(member)
        if "file" not in request.GET:
            context = {"member": member, "pages": pages_of(parts)}
            return render(request, "profile/copy.html", context)
    disclose(
        what="own_copy",
        recipient="本人",
        purpose="会员复制自己的资料",
        fields=[part.table for part in parts],
        count=1,
        members=[member.pk],
        by=actor,
    )
    document = document_of(member, parts, at=now)
    response = JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@require_POST
@member_page
def restrict(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """We only keep her record, or use it again as she agreed before; both with one tap."""
    wanted = request.POST.get("restricted") == "on"
    restrict_member(member.pk, is_restricted=wanted, by=actor)
    said = (
        "从现在起只保存，不再使用您的资料，也不再联系您。"
        if wanted
        else "恢复了，仍按您的各项选择。"
    )
    messages.success(request, said)
    return redirect("member-privacy")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def ask(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """A complaint or a request in her own words; it has a deadline and an answer in writing."""
    if request.method == "POST":
        kind, words = request.POST.get("kind", ""), request.POST.get("words", "")
        if kind in ASKED and (words.strip() or kind != RequestKind.COMPLAINT):
            open_request(member.pk, kind, words, by=actor)
            messages.success(request, "收到了，最迟 15 天内给您书面答复，进度在这一页看。")
        else:
            messages.error(request, "请选一项，并写几句让我们知道怎么办。")
        return redirect("member-ask")
    with scope_of(actor):
        asked = list(requests_of(member)[:20])
    context = {"member": member, "kinds": ASKED, "asked": asked}
    return render(request, "profile/ask.html", context)


@require_safe
@member_page
def looks(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Who looked at her phone number, why, and to whom something of hers was given."""
    with scope_of(Actor.system("her own page")):
        context = {
            "member": member,
            "phone": masked_phone(member.phone),
            "looks": looks_at(member),
            "disclosures": list(disclosures_of(member)[:20]),
        }
    return render(request, "profile/looks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def leave(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """Asks once, then ends the membership and everything she agreed to."""
    if request.method != "POST":
        return render(request, "profile/leave.html", {"member": member})
    leave_membership(member.pk, proof=proof_of(request), by=actor)
    if request.POST.get("delete") == "on":
        open_request(member.pk, RequestKind.DELETE, "退出会员，并要求删除资料", by=actor)
    context = {"entity": member.entity, "is_deleted": request.POST.get("delete") == "on"}
    response = render(request, "profile/left.html", context)
    with scope_of(actor):
        may_be_asked = to_ask(member, Purpose.values, at=timezone.now())
    let_go(request, response, set(Purpose.values) - set(may_be_asked))
    return response
