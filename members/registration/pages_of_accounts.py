"""Her accounts at marketplaces, on her phone: bound by herself, let go with one tap."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from members.identity.models import Identity, IdentityKind, Member
from members.registration.doors import acting_for, member_page
from members.registration.marketplaces import Bound, bind_account, let_account_go

_SAID = {
    Bound.UNFIT: "对不上。请核对账号和订单号：订单要在半年以内，而且还没有记在别人名下。",
    Bound.TOO_MANY: "今天试得太多了，请明天再试，或请店员帮您看看。",
}


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def accounts(request: HttpRequest, member: Member, actor: Actor) -> HttpResponse:
    """What is bound, a form for one more, and a way to let each go."""
    if not settings.MARKETPLACES:
        raise Http404
    if request.method == "POST" and "let_go" in request.POST:
        let_account_go(member.pk, account=request.POST["let_go"], by=actor)
        messages.success(request, "解除了。以前的订单还在您名下。")
        return redirect("member-accounts")
    typed = {key: request.POST.get(key, "")[:60] for key in ("shop", "name", "order_no")}
    fault = ""
    if request.method == "POST":
        found = bind_account(member.pk, **typed, by=acting_for(member))
        if found == Bound.YES:
            messages.success(request, "绑定好了。以后在这里买的，也算在您的会员卡里。")
            return redirect("member-accounts")
        fault = _SAID[found]
    with scope_of(actor):
        bound = [_line(row) for row in _rows(member)]
    page = {"bound": bound, "shops": settings.MARKETPLACES, "fault": fault, **typed}
    return render(request, "registration/accounts.html", page)


def _rows(member: Member) -> list[Identity]:
    rows = Identity.objects.filter(member=member, kind=IdentityKind.MARKETPLACE)
    return list(rows.order_by("pk"))


def _line(row: Identity) -> dict[str, str]:
    shop, _, name = str(row.value).partition(":")
    return {
        "key": shown_id(row.public_id),
        "shop": settings.MARKETPLACES.get(shop, shop),
        "name": name,
    }
