"""Template tags of the look (`{% load look %}`): icons, the rail, faces, pictures, spoken times.

Numbers are drawn as SVG attributes, since the content policy forbids inline styles.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from kit.money import CURRENCY, shown

register = template.Library()

_ICONS = {
    "home": "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
    "code": "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2",
    "people": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 21c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
    "chat": "M4 5h16v11H9.5L5 20v-4H4z",
    "picture": "M4 5h16v14H4zM4 16l5-4.5 4 3.5 3-2.5 4 3.5M9 9.5h.01",
    "figures": "M5 20v-8M12 20V4M19 20v-6M3 20h18",
    "settings": "M4 7h10M18 7h2M4 17h2M10 17h10M16 4.8v4.4M8 14.8v4.4",
    "back": "M14.5 5L8 12l6.5 7",
    "next": "M9.5 5l6.5 7-6.5 7",
    "search": "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3L20 20",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "close": "M6 6l12 12M18 6L6 18",
    "plus": "M12 5v14M5 12h14",
    "clock": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
    "bell": "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4",
    "send": "M4 12l16-8-5 16-3.5-6.5z",
    "gift": "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7C8 7 7 3 9.5 3S12 7 12 7s0-4 2.5-4S16 7 12 7",
    "phone": "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2",
    "lock": "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
    "leaf": "M5 19c0-9 5-14 14-14 0 9-5 14-12 12M5 19c2-5 5-8 9-9",
    "alert": "M12 4l9 16H3zM12 10v4.5M12 17.2h.01",
    "tag": "M4 4h8l8 8-8 8-8-8zM8 8h.01",
    "link": "M10 14l4-4M8 11l-3 3a3.5 3.5 0 0 0 5 5l3-3M16 13l3-3a3.5 3.5 0 0 0-5-5l-3 3",
    "shield": "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM8.5 12l2.5 2.5 4.5-5",
    "out": "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
    "building": "M5 21V4h9v17M14 9h5v12M3 21h18M8 8h3M8 12h3M8 16h3",
}
_RAIL = (
    ("/tablet/", "home", "今日"),
    ("/tablet/code/", "code", "我的码"),
    ("/tablet/members/", "people", "会员"),
    ("/tablet/groups/", "chat", "客户群"),
    ("/tablet/materials/", "picture", "素材"),
    ("/tablet/figures/", "figures", "业绩"),
)


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An inline drawing by name; decoration, so hidden from screen readers."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>',
        extra,
        _ICONS[name],
    )


@register.simple_tag
def brand_accent() -> SafeString:
    """The sheet with the brand's accent, where the brand has set one."""
    if not settings.BRAND_ACCENT:
        return mark_safe("")
    return format_html(
        '<link rel="stylesheet" href="{}?{}">',
        reverse("look-accent"),
        settings.BRAND_ACCENT.lstrip("#"),
    )


@register.inclusion_tag("tablet/rail.html", takes_context=True)
def rail(context: template.Context) -> dict[str, Any]:
    """The rail of the signed-in guide, the current place marked."""
    request: HttpRequest = context["request"]
    return {"guide": getattr(request, "guide", None), "items": rail_items(request.path)}


def rail_items(path: str) -> list[dict[str, Any]]:
    """The six places; the longest address that begins the path is the current one."""
    current = max(
        (href for href, _, _ in _RAIL if path.startswith(href) and href != "/tablet/"),
        key=len,
        default="/tablet/" if path == "/tablet/" else "",
    )
    return [
        {"href": href, "icon": name, "title": title, "is_current": href == current}
        for href, name, title in _RAIL
    ]


@register.simple_tag
def face(name: str, tone: str = "a", size: str = "") -> SafeString:
    """A round initial: the first character, as colleagues would write it on a note."""
    return format_html(
        '<span class="face {} {}" aria-hidden="true">{}</span>', tone, size, (name or "？")[:1]
    )


@register.simple_tag
def bar(value: float, of: float) -> SafeString:
    """One horizontal bar, zero at the left; the figure beside it is the page's to write."""
    width = 0.0 if of <= 0 else max(0.0, min(100.0, 100 * value / of))
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="10"/></svg>',
        f"{width:.2f}",
    )


@register.simple_tag
def spark(values: Sequence[float], top: float = 0) -> SafeString:
    """A line of values, zero at the base; give `top` where several pictures share one scale."""
    high = max([top, *values, 1])
    step = 200 / max(1, len(values) - 1)
    points = [
        (round(i * step, 1), round(52 - 48 * value / high, 1)) for i, value in enumerate(values)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    if not points:
        return mark_safe('<svg class="spark" viewBox="0 0 200 56" aria-hidden="true"></svg>')
    x, y = points[-1]
    return format_html(
        '<svg class="spark" viewBox="0 0 200 56" preserveAspectRatio="none" aria-hidden="true">'
        '<polygon class="area" points="0,52 {} 200,52"/>'
        '<line class="base" x1="0" y1="52" x2="200" y2="52"/><polyline points="{}"/>'
        '<line class="now" x1="{}" y1="{}" x2="{}" y2="{}"/></svg>',
        line, line, x, y, x, y,
    )  # fmt: skip


@register.filter
def yuan(minor: int | None, currency: str = CURRENCY) -> str:
    """Money in minor units as it is spoken of: `¥1,234.50`; nothing for nothing."""
    return "" if minor is None else shown(minor, currency)


@register.filter
def ago(at: datetime | None) -> str:
    """刚刚、8 分钟前、10:21、昨天 18:05、11 月 3 日: as exact as one would say it."""
    if at is None:
        return ""
    return spoken(at, timezone.now())


def spoken(at: datetime, now: datetime) -> str:
    """A past or coming moment in a colleague's words, seen from `now`."""
    here, today = timezone.localtime(at), timezone.localtime(now)
    seconds = (now - at).total_seconds()
    if 0 <= seconds < 60:
        return "刚刚"
    if 0 <= seconds < 3600:
        return f"{int(seconds // 60)} 分钟前"
    days = (today.date() - here.date()).days
    if days in (-1, 0, 1):
        return {0: "", 1: "昨天 ", -1: "明天 "}[days] + f"{here:%H:%M}"
    if here.year == today.year:
        return f"{here.month} 月 {here.day} 日"
    return f"{here.year} 年 {here.month} 月 {here.day} 日"


@register.simple_tag
def clock(due_at: datetime | None) -> SafeString:
    """What time is left; the page's script keeps it true."""
    if due_at is None:
        return mark_safe("")
    minutes = int((due_at - timezone.now()).total_seconds() // 60)
    return format_html(
        '<time class="clock{}" datetime="{}" data-until>{}</time>',
        " late" if minutes < 0 else "",
        due_at.isoformat(),
        left(minutes),
    )


def left(minutes: int) -> str:
    """还剩 6 分、还剩 3 小时、还剩 2 天、已过 4 分."""
    size = abs(minutes)
    if size < 60:
        span = f"{size} 分"
    elif size < 48 * 60:
        span = f"{size // 60} 小时"
    else:
        span = f"{size // 1440} 天"
    return f"已过 {span}" if minutes < 0 else f"还剩 {span}"
