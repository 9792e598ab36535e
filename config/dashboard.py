"""HQ's start page: six small pictures, then lists of what wants an eye; each leads to its rows.

Every number is of the account's own scope, which the session carries during the request. Floors
add theirs by the switchboard's HQ_PANELS: `(actor, at) → [Picture | Listing, …]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Count, Model, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from kit.events import Handling, HandlingState
from kit.money import shown
from members.identity.models import Member
from stores.conversions.models import Credit
from stores.figures.models import StoreDay
from stores.ledger.models import PurchaseLine, Touch
from stores.org.hq import actor_behind
from stores.org.models import Store
from stores.org.panels import Line, Listing, Picture
from wecom.directory.models_of_reach import AcquisitionBalance, BalanceWarning
from wecom.directory.queries_of_reach import balance
from wecom.inbox.models import InboxMessage, InboxState
from wecom.outbox.models import OutboxRow, OutboxState

log = structlog.get_logger(__name__)

_DAYS = 14


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


# Key, title, column of the sums, how it is said, the list behind it.
_KEPT: Final[Sequence[tuple[str, str, str, Callable[[int], str], type[Model]]]] = (
    ("scans", "扫码", "scans", "{:,}".format, Touch),
    ("members", "新增会员", "new_members", "{:,}".format, Member),
    ("friends", "加企微", "friends", "{:,}".format, Touch),
    ("sales", "会员下单", "member_sales", shown, PurchaseLine),
    ("credits", "归属导购的业绩", "sales", shown, Credit),
)


def _core_pictures(now: datetime) -> list[Picture]:
    """From the sums that are kept by day: the facts of two weeks are millions."""
    first = timezone.localdate(now) - timedelta(days=_DAYS - 1)
    sums = StoreDay.objects.filter(day__gte=first).values("day")
    by_day = {
        row["day"]: row
        for row in sums.annotate(**{f"sum_{column}": Sum(column) for _, _, column, _, _ in _KEPT})
    }
    kept = [
        _picture(
            key, title, {day: row[f"sum_{column}"] for day, row in by_day.items()}, now, model, say
        )
        for key, title, column, say, model in _KEPT
    ]
    return [*kept, _sent(first, now)]


def _sent(first: date, now: datetime) -> Picture:
    rows = OutboxRow.objects.filter(
        state=OutboxState.SENT,
        ended_at__gte=timezone.make_aware(datetime.combine(first, datetime.min.time())),
    )
    by_day = rows.order_by().annotate(on=TruncDate("ended_at")).values_list("on")
    counts = dict(by_day.annotate(count=Count("pk")))
    return _picture("sent", "企业微信收下的请求", counts, now, OutboxRow, "{:,}".format)


def _picture(
    key: str,
    title: str,
    by_day: Mapping[date, int],
    now: datetime,
    model: type[Model],
    say: Callable[[int], str],
) -> Picture:
    today = timezone.localtime(now).date()
    days = [today - timedelta(days=back) for back in range(_DAYS - 1, -1, -1)]
    values = [by_day.get(day, 0) for day in days]
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
    since = timezone.localdate(now) - timedelta(days=6)
    week = StoreDay.objects.filter(day__gte=since).values_list("store_no")
    sums = {row[0]: row[1:] for row in week.annotate(Sum("all_sales"), Sum("new_members"))}
    lines = sorted(
        ((store, *sums.get(store.pk, (0, 0))) for store in stores), key=lambda one: -one[1]
    )
    return [
        Line(
            text=store.name,
            why=f"新增会员 {joined} 位",
            figure=shown(sold),
            href=reverse("admin:stores_store_change", args=[store.pk]),
        )
        for store, sold, joined in sorted(lines, key=lambda line: -line[1])[:6]
    ]


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
