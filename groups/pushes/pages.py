"""The tracked link's doors: count, learn who it is where she permits, lead on."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from groups.content.rules import host_is_allowed
from groups.pushes import links
from groups.pushes.addresses import allowed_hosts
from groups.pushes.models import TrackedLink
from kit.actions import scope_of
from kit.actor import Actor
from members.registration.doors import member_of_request, phone_page
from wecom.gateway import WecomError
from wecom.gateway.web import person_by_code, service_account_authorize_url

VISITOR = Actor.system("somebody opens a link")
_SALT = "tracked-link"
# How long WeChat may take to send her back.
_STATE_SECONDS = 300


@require_safe
@phone_page
def tracked_link(request: HttpRequest, code: str) -> HttpResponse:
    """`/s/<code>`: count the click; know her by this browser or by WeChat; go to the target."""
    link = _link(code)
    if link is None:
        return render(request, "pushes/gone.html", status=404)
    if request.method == "HEAD":
        return _lead_on(request, link)
    links.record_click(link.pk, by=VISITOR)
    member = member_of_request(request)
    if member is not None:
        links.record_opener(link.pk, member.pk, by=VISITOR)
    elif _wechat_can_tell(request):
        back = settings.PUBLIC_URL + reverse("tracked-link-back", args=[code])
        state = signing.dumps(code, salt=_SALT)
        return HttpResponseRedirect(service_account_authorize_url(back, state, silently=True))
    return _lead_on(request, link)


@require_safe
@phone_page
def tracked_link_back(request: HttpRequest, code: str) -> HttpResponse:
    """She comes back from WeChat's own OAuth. Whatever goes wrong there, she gets to her page."""
    link = _link(code)
    if link is None:
        return render(request, "pushes/gone.html", status=404)
    openid = _openid(request, code)
    if openid:
        with scope_of(VISITOR):
            member = links.member_by_openid(openid, near=link.guide.store.entity)
        if member is not None:
            links.record_opener(link.pk, member.pk, by=VISITOR)
    return _lead_on(request, link)


def _link(code: str) -> TrackedLink | None:
    return (
        TrackedLink.objects.select_related("guide__store__entity").filter(code=code).first()
        if len(code) <= 24
        else None
    )


def _lead_on(request: HttpRequest, link: TrackedLink) -> HttpResponse:
    """To the target, if its host is still on the list: a list may shrink after a link was sent."""
    if not host_is_allowed(link.target, allowed_hosts()):
        return render(request, "pushes/gone.html", status=404)
    response = HttpResponseRedirect(link.target)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _wechat_can_tell(request: HttpRequest) -> bool:
    """Only WeChat's own browser, or the demo's simulated phone, answers this OAuth."""
    in_wechat = "MicroMessenger" in request.headers.get("User-Agent", "")
    return bool(settings.WECHAT_APP_ID) and (in_wechat or settings.DEMO)


def _openid(request: HttpRequest, code: str) -> str:
    try:
        told = signing.loads(request.GET.get("state", ""), salt=_SALT, max_age=_STATE_SECONDS)
        return person_by_code(request.GET.get("code", "")).openid if told == code else ""
    except (signing.BadSignature, WecomError):
        return ""
