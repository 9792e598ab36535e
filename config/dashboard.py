"""HQ's start page: six small pictures, then lists of what wants an eye; each leads to its rows.

Every number is of the account's own scope, which the session carries during the request. Floors
add theirs by the switchboard's HQ_PANELS: `(actor, at) → [Picture | Listing, …]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Count, Model, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from kit.events import Handling, HandlingState
from kit.money import shown
from members.identity.models import Member, MemberState
from stores.conversions.models import Credit
from stores.ledger.models import PurchaseLine, Touch, TouchKind
from stores.org.hq import actor_behind
from stores.org.models import Store
from stores.org.panels import Line, Listing, Picture
from wecom.directory.models_of_reach import AcquisitionBalance, BalanceWarning
from wecom.directory.queries_of_reach import balance
from wecom.inbox.models import InboxMessage, InboxState
from wecom.outbox.models import OutboxRow, OutboxState

log = structlog.get_logger(__name__)

_DAYS = 14
_WEEK = timedelta(days=7)


def panels(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Give unfold's start page its pictures and lists."""
    now = timezone.now()
    found = [*_core_pictures(now), *_core_lists(request, now), *_from_floors(request, now)]
    context |= {
        "title": "今天",
        "pictures": [panel for panel in found if isinstance(panel, Picture)],
        "lists": [panel for panel in found if isinstance(panel, Listing)],
    }
    return context


# ---------------------------------------------------------------- pictures


def _core_pictures(now: datetime) -> list[Picture]:
    touches = Touch.objects.all()
    members = Member.objects.exclude(state=MemberState.PENDING)
    sold = PurchaseLine.objects.filter(member_no__isnull=False)
    sent = OutboxRow.objects.filter(state=OutboxState.SENT)
    return [
        _counted("scans", "扫码", touches.filter(kind=TouchKind.SCAN), "at", now, Touch),
        _counted("members", "新增会员", members, "joined_at", now, Member),
        _counted("friends", "加企微", touches.filter(kind=TouchKind.FRIEND), "at", now, Touch),
        _summed("sales", "会员下单", sold, now, PurchaseLine),
        _summed("credits", "归属导购的业绩", Credit.objects.all(), now, Credit),
        _counted("sent", "企业微信收下的请求", sent, "ended_at", now, OutboxRow),
    ]


def _counted(
    key: str, title: str, rows: QuerySet[Any], field: str, now: datetime, model: type[Model]
) -> Picture:
    by_day = _by_day(rows, field, now, Count("pk"))
    return _picture(key, title, by_day, now, model, lambda value: f"{int(value):,}")


def _summed(
    key: str, title: str, rows: QuerySet[Any], now: datetime, model: type[Model]
) -> Picture:
    by_day = _by_day(rows, "sold_at", now, Sum("amount"))
    return _picture(key, title, by_day, now, model, lambda value: shown(int(value)))


def _by_day(rows: QuerySet[Any], field: str, now: datetime, what: Any) -> dict[date, float]:
    first = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    first -= timedelta(days=_DAYS - 1)
    found = (
        rows.filter(**{f"{field}__gte": first})
        .order_by()
        .annotate(day=TruncDate(field))
        .values("day")
        .annotate(value=what)
    )
    return {row["day"]: float(row["value"] or 0) for row in found}


def _picture(
    key: str, title: str, by_day: dict[date, float], now: datetime, model: type[Model], say: Any
) -> Picture:
    today = timezone.localtime(now).date()
    days = [today - timedelta(days=back) for back in range(_DAYS - 1, -1, -1)]
    values = [by_day.get(day, 0.0) for day in days]
    return Picture(
        key=key,
        title=title,
        now=say(sum(values[-7:])),
        before=say(sum(values[:-7])),
        values=values,
        labels=(f"{days[0].month} 月 {days[0].day} 日", f"今天 {say(values[-1])}"),
        href=_list_of(model),
    )


# ---------------------------------------------------------------- lists


def _core_lists(request: HttpRequest, now: datetime) -> list[Listing]:
    return [
        Listing(
            key="stuck",
            title="卡住的事",
            lines=_stuck(),
            href=_list_of(OutboxRow),
            when_empty="没有卡住的事，消息都在路上或已到。",
        ),
        Listing(
            key="stores",
            title="各店最近 7 天",
            lines=_stores(request, now),
            href=_list_of(Store),
            when_empty="还没有门店。",
        ),
        Listing(
            key="changes",
            title="最近的改动",
            lines=_changes(),
            href=_list_of(LogEntry),
            when_empty="还没有人在这里改过什么。",
        ),
    ]


def _stuck() -> list[Line]:
    """Counts of rows that a person has to look at, each with its own list."""
    looked_at: Iterable[tuple[str, str, type[Model], Sequence[str]]] = (
        ("没发出去", "企业微信明确拒绝", OutboxRow, [OutboxState.FAILED]),
        ("结果不明", "正在向企业微信查证", OutboxRow, [OutboxState.UNKNOWN]),
        ("错过时限", "来不及发，没有补发", OutboxRow, [OutboxState.MISSED]),
        ("回调没读懂", "原文还在，可以再读", InboxMessage, [InboxState.PARKED]),
        ("事件没处理完", "试了多次都失败", Handling, [HandlingState.PARKED]),
    )
    lines = []
    for text, why, model, states in looked_at:
        count = model._default_manager.filter(state__in=states).count()
        if count:
            href = f"{_list_of(model)}?state__exact={states[0]}"
            lines.append(Line(text=text, why=why, figure=str(count), href=href, tone="bad"))
    return lines + _balance()


def _balance() -> list[Line]:
    """That customers who open an acquisition link soon cannot be added, or cannot any more."""
    held = balance()
    if held is None or not held.warning:
        return []
    is_over = held.warning == BalanceWarning.EXHAUSTED
    return [
        Line(
            text=f"获客额度{held.get_warning_display()}",
            why="客户点获客链接加不到导购，请到企业微信后台购买" if is_over else "请及时续购",
            figure=str(held.balance),
            href=_list_of(AcquisitionBalance),
            tone="bad" if is_over else "warn",
        )
    ]


def _stores(request: HttpRequest, now: datetime) -> list[Line]:
    scope = actor_behind(request).scope
    stores = Store.objects.filter(closed_on=None)
    if not scope.everything:
        stores = stores.filter(pk__in=scope.stores)
    members = _grouped(Member.objects.filter(joined_at__gte=now - _WEEK), "home_store", Count("pk"))
    sold = _grouped(
        PurchaseLine.objects.filter(sold_at__gte=now - _WEEK), "store_no", Sum("amount")
    )
    ranked = sorted(stores, key=lambda store: -sold.get(store.pk, 0))[:6]
    return [
        Line(
            text=store.name,
            why=f"新增会员 {members.get(store.pk, 0)} 位",
            figure=shown(sold.get(store.pk, 0)),
            href=reverse("admin:stores_store_change", args=[store.pk]),
        )
        for store in ranked
    ]


def _grouped(rows: QuerySet[Any], by: str, what: Any) -> dict[int, int]:
    found = rows.order_by().values(by).annotate(value=what)
    return {row[by]: int(row["value"] or 0) for row in found}


def _changes() -> list[Line]:
    words = {1: "新增", 2: "修改", 3: "删除"}
    rows = LogEntry.objects.select_related("user", "content_type").order_by("-action_time")[:6]
    return [
        Line(
            text=row.object_repr,
            why=f"{row.user} {words.get(row.action_flag, '')}{_noun(row)}",
            figure=f"{timezone.localtime(row.action_time):%-m 月 %-d 日 %H:%M}",
            href=row.get_admin_url() or "",
        )
        for row in rows
    ]


def _noun(row: LogEntry) -> str:
    kind: Any = row.content_type
    model = kind.model_class() if kind else None
    return str(model._meta.verbose_name) if model else ""


def _from_floors(request: HttpRequest, now: datetime) -> list[Picture | Listing]:
    """What the floors add; one that fails is left out and logged, the page still opens."""
    found: list[Picture | Listing] = []
    paths: Sequence[str] = import_string(settings.HQ_PANELS)
    for path in paths:
        try:
            with transaction.atomic():
                found += import_string(path)(actor_behind(request), now)
        except Exception:
            log.exception("panels_missing", supplier=path)
    return found


def _list_of(model: type[Model]) -> str:
    """The list behind a picture; nowhere while the model has no screen."""
    if model not in admin.site._registry:
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
