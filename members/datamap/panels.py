"""What HQ's start page shows of friends and members, as the newest map counted them."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from members.datamap.queries import newest_maps
from members.registration.old_friends import Standing, waiting_suggestions
from stores.org.panels import Line, Listing

_HOW = {"unionid": "同一微信", "confirmed": "导购确认", "": "其他依据"}


def panels(actor: Actor, at: datetime) -> list[Listing]:
    """How many of the guides' friends are known as members, and what their guides are asked;
    nothing of it for accounts of a region.
    """
    if not actor.scope.everything:
        return []
    newest, _ = newest_maps()
    found = Standing(**newest.friends) if newest and newest.friends else Standing(0, 0, {})
    href = reverse("admin:members_suggestion_changelist")
    how = "、".join(f"{_HOW.get(how, how)} {count:,}" for how, count in found.by.items())
    counted = f"{timezone.localtime(newest.taken_at):%-m 月 %-d 日 %H:%M} 统计" if newest else ""
    waiting = waiting_suggestions()
    lines = [
        Line(text="企微好友", why=counted, figure=f"{found.friends:,}"),
        Line(text="已对上会员", why=how, figure=f"{found.joined:,}"),
        Line(text="等导购问一句", figure=f"{waiting:,}", href=href),
    ]
    return [
        Listing(
            key="friends",
            title="好友与会员",
            lines=lines if found.friends or waiting else [],
            href=href,
            when_empty="每天夜里统计一次，现在还没有企业微信好友。",
        )
    ]
