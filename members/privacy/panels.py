"""What HQ's start page shows of privacy: what is due or late, clocks, thresholds, what failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from members.privacy.exporting import WAITS
from members.privacy.models_of_duty import (
    DataExport,
    Headcount,
    Incident,
    Recipient,
    RetentionReport,
)
from members.privacy.pia import VERSIONS, is_signed
from members.privacy.queries import open_requests
from members.privacy.rules import ABROAD_FROM, Clock, alarm_at, clock_of, passed
from members.privacy.watching import unusual_at
from stores.org.panels import Line, Listing

_MOST: Final = 6
_CLOCKS: Final = {Clock.OVERDUE: "已超期", Clock.PRESSING: "快到期", Clock.CALM: ""}


def panels(actor: Actor, at: datetime) -> list[Listing]:
    """Requests by their deadline, and everything that wants compliance's eye."""
    requests = Listing(
        key="subject-requests",
        title="个人信息请求",
        lines=[
            Line(
                text=row.get_kind_display(),
                why=_CLOCKS[clock_of(row.due_at, at)] or row.get_state_display(),
                figure=f"{timezone.localtime(row.due_at):%-m 月 %-d 日}",
                href=reverse("admin:members_subjectrequest_change", args=[row.pk]),
            )
            for row in open_requests()[:_MOST]
        ],
        href=reverse("admin:members_subjectrequest_changelist"),
        when_empty="没有等待答复的请求",
    )
    if not actor.scope.everything:
        return [requests]
    alarms = Listing(
        key="privacy-alarms",
        title="合规提醒",
        lines=alarms_at(at)[:_MOST],
        href=reverse("admin:members_incident_changelist"),
        when_empty="没有需要处理的提醒",
    )
    return [requests, alarms]


def alarms_at(at: datetime) -> list[Line]:
    """Late requests, running clocks, accounts that take very much, lists that wait for a second
    person, thresholds, contracts that ran out, retention that failed.
    """
    return [
        *_late(at),
        *_incidents(at),
        *_unusual(at),
        *_exports(at),
        *_thresholds(at),
        *_contracts(at),
        *_retention(at),
    ]


def _late(at: datetime) -> list[Line]:
    late = open_requests().filter(due_at__lt=at).count()
    href = reverse("admin:members_subjectrequest_changelist")
    return [_line("个人信息请求超期", "15 天内要有答复", f"{late}", href)] if late else []


def _incidents(at: datetime) -> list[Line]:
    rows = Incident.objects.filter(reported_at=None, report_due_at__isnull=False, closed_at=None)
    return [
        Line(
            text=row.title,
            why="报告网信部门已超时"
            if row.report_due_at and at > row.report_due_at
            else "等待报告",
            figure=f"{timezone.localtime(row.report_due_at):%-m 月 %-d 日 %H:%M}",
            href=reverse("admin:members_incident_change", args=[row.pk]),
        )
        for row in rows
    ]


def _unusual(at: datetime) -> list[Line]:
    looks, lists = (
        reverse(f"admin:members_{table}_changelist") for table in ("accesslog", "dataexport")
    )
    return [
        _line(one.who, one.did, one.figure, lists if one.is_lists else looks)
        for one in unusual_at(at)
    ]


def _exports(at: datetime) -> list[Line]:
    waiting = DataExport.objects.filter(decided_at=None, asked_at__gt=at - WAITS)
    return [
        Line(
            text=row.title,
            why=f"{row.asked_by.name}申请导出，等另一个人审批",
            figure=f"{row.count:,} 人",
            href=reverse("admin:members_dataexport_change", args=[row.pk]),
        )
        for row in waiting.select_related("asked_by").order_by("asked_at")[:_MOST]
    ]


def _thresholds(at: datetime) -> list[Line]:
    lines: list[Line] = []
    href = reverse("admin:members_headcount_changelist")
    newest = Headcount.objects.order_by("-on").values_list("on", flat=True).first()
    if newest is None:
        return lines
    for row in Headcount.objects.filter(on=newest).select_related("entity"):
        lines += [
            Line(
                text=f"{row.entity.name}：{'已达' if is_over else '接近'} {limit:,} 人",
                why="个保法第五十二条" if limit < 10_000_000 else "网数条例第二十八条",
                figure=f"{row.people:,}",
                href=href,
            )
            for limit, is_over in passed(row.people)
        ]
        if row.abroad >= alarm_at(ABROAD_FROM):
            lines.append(
                _line(
                    f"{row.entity.name}：今年向境外提供",
                    "满 10 万人须备案",
                    f"{row.abroad:,}",
                    href,
                )
            )
    return lines


def _contracts(at: datetime) -> list[Line]:
    soon = timezone.localdate(at + timedelta(days=30))
    rows = Recipient.objects.filter(is_active=True, contract_until__lte=soon)
    lines = [
        Line(
            text=row.name,
            why="委托合同到期或即将到期",
            figure=f"{row.contract_until:%Y-%m-%d}",
            href=reverse("admin:members_recipient_change", args=[row.pk]),
        )
        for row in rows
    ]
    if rows and not is_signed("entrusting", at=at):
        lines.append(
            _line(
                "委托处理没有有效的影响评估",
                "个保法第五十五条",
                f"v{VERSIONS['entrusting']}",
                reverse("admin:members_impactassessment_changelist"),
            )
        )
    return lines


def _retention(at: datetime) -> list[Line]:
    failed = RetentionReport.objects.filter(at__gt=at - timedelta(days=2)).exclude(error="")
    left = failed.aggregate(left=Sum("left"))["left"] or 0
    href = reverse("admin:members_retentionreport_changelist")
    return [_line("到期信息没有处理完", "见到期处理记录", f"{left}", href)] if left else []


def _line(text: str, why: str, figure: str, href: str) -> Line:
    return Line(text=text, why=why, figure=figure, href=href, tone="warn")
