"""Today, the settings of this iPad, the rail's badges, and what makes the pages an app."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from kit.actions import scope_of
from kit.actor import Actor
from stores.org.actions import choose_thumb_side
from stores.org.models import Guide
from stores.org.queries import hours_on, shop_day
from stores.tablet.cards import collect
from stores.tablet.doors import guide_page, toast_next
from stores.tablet.rules import accent_tokens
from stores.tablet.tags import rail_items

_SECTIONS = (("now", "等不得的"), ("today", "今天做"), ("kind", "有空时"))
_WEEKDAYS = "一二三四五六日"


@require_safe
@guide_page
def today(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """A colleague's hand-over: what cannot wait, what is for today, what has just happened."""
    at = timezone.now()
    with scope_of(actor):
        hand = collect(actor, guide, at)
        day = shop_day(guide.store, at)
        context = {
            "greeting": greeting(at, guide),
            "day": f"{day.month} 月 {day.day} 日 星期{_WEEKDAYS[day.weekday()]}",
            "hours": hours_on(guide.store, day),
            "sections": [(title, hand.of(name)) for name, title in _SECTIONS],  # type: ignore[arg-type]
            "news": hand.of("news"),
            "is_whole": hand.is_whole,
            "has_work": any(card.urgency != "news" for card in hand.cards),
        }
        return render(request, "tablet/today.html", context)


@require_safe
@guide_page
def badges(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """How many things to do wait behind each place of the rail."""
    with scope_of(actor):
        hand = collect(actor, guide, timezone.now())
    counts = {item["href"]: hand.waiting_under(item["href"]) for item in rail_items("")}
    return JsonResponse({href: count for href, count in counts.items() if count})


@require_safe
@guide_page
def settings_page(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Which thumb, who is signed in here, and the way out."""
    return render(request, "tablet/settings.html", {"guide": guide})


@require_POST
@guide_page
def thumb_side(request: HttpRequest, guide: Guide, actor: Actor) -> HttpResponse:
    """Move the rail. Anything but left and right is not found."""
    try:
        choose_thumb_side(guide, side=request.POST.get("side", ""), by=actor)
    except ValueError as error:
        raise Http404 from error
    toast_next(request, "导航栏换好了，在你的拇指这边。")
    return redirect("tablet-settings")


@require_safe
@cache_control(max_age=3600, public=True)
def manifest(request: HttpRequest) -> HttpResponse:
    """What Safari needs to put the pages on the home screen as an app."""
    icons = [
        {"src": static(f"look/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    document = {
        "name": "导购",
        "short_name": "导购",
        "lang": "zh-Hans",
        "id": "/tablet/",
        "start_url": "/tablet/",
        "scope": "/tablet/",
        "display": "standalone",
        "background_color": "#fbf9f6",
        "theme_color": "#fbf9f6",
        "icons": icons,
    }
    return JsonResponse(document, content_type="application/manifest+json")


@require_safe
@cache_control(max_age=31_536_000, public=True, immutable=True)
def accent(request: HttpRequest) -> HttpResponse:
    """The brand's accent as tokens over look.css; its address changes with the colour."""
    if not settings.BRAND_ACCENT:
        raise Http404
    light, dark = (
        "".join(f"--{name}:{value};" for name, value in theme.items())
        for theme in accent_tokens(settings.BRAND_ACCENT)
    )
    sheet = f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return HttpResponse(sheet, content_type="text/css; charset=utf-8")


def greeting(at: datetime, guide: Guide) -> str:
    """早上好、上午好 … by the store's own clock, with her name."""
    hour = at.astimezone(ZoneInfo(guide.store.time_zone)).hour
    words = ((5, "夜深了"), (9, "早上好"), (12, "上午好"), (14, "中午好"), (18, "下午好"))
    word = next((word for end, word in words if hour < end), "晚上好")
    return f"{word}，{guide.name}"
