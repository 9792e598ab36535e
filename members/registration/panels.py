"""What HQ's start page shows of one-time codes: alarms of the last day, changes that wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from members.registration.models_of_phones import ChangeState, CodeAlarm, PhoneChange
from stores.org.panels import Line, Listing

_MOST = 5


def panels(actor: Actor, at: datetime) -> list[Listing]:
    """Phones: what asks for an eye; nothing of it for accounts of a region."""
    if not actor.scope.everything:
        return []
    alarms = CodeAlarm.objects.filter(raised_at__gt=at - timedelta(days=1)).order_by("-raised_at")
    waiting = PhoneChange.objects.filter(state=ChangeState.WAITING, waits_until__lte=at)
    lines = [
        Line(
            text=alarm.get_kind_display(),
            why=f"{timezone.localtime(alarm.hour):%-m 月 %-d 日 %H} 点 · 验证 {alarm.proven}",
            figure=f"发 {alarm.sent}",
            href=reverse("admin:members_codealarm_changelist"),
        )
        for alarm in alarms[:_MOST]
    ]
    count = waiting.count()
    if count:
        href = f"{reverse('admin:members_phonechange_changelist')}?state__exact=waiting"
        lines.append(
            Line(text="换手机号等总部核对", why="等待期已过", figure=str(count), href=href)
        )
    return [
        Listing(
            key="phones",
            title="验证码与换号",
            lines=lines,
            href=reverse("admin:members_codealarm_changelist"),
            when_empty="没有异常的验证码，也没有等着核对的换号。",
        ),
    ]
