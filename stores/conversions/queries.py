"""What guides' work led to: the lists behind the numbers, and who leads.

All read inside `scope_of(actor)`: nobody counts what she may not see. The number of queries is the
same for one receipt and for a thousand.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    F,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)

from stores.conversions.access import Subject
from stores.conversions.models import Credit
from stores.conversions.periods import Week
from stores.ledger.models import Touch, TouchKind
from stores.org.models import Guide

PAGE = 50
FUNNEL = (
    (TouchKind.SCAN, "扫码"),
    (TouchKind.REGISTRATION, "成为会员"),
    (TouchKind.FRIEND, "加企微"),
    (TouchKind.GROUP_JOIN, "入群"),
    (TouchKind.LINK_OPEN, "打开链接"),
)
BUYERS, RETURNING, CLOSED = "buyers", "returning", "closed"
_KEPT = Q(kept__gt=0)


def people_behind(subject: Subject, week: Week, kind: str, *, page: int = 0) -> list[Touch]:
    """The touches of a kind in the week, newest first; one more than a page when there are more."""
    found = Touch.objects.filter(
        **subject.facts, kind=kind, at__gte=week.begins, at__lt=week.ends
    ).order_by("-at", "-pk")
    return list(found[page * PAGE : (page + 1) * PAGE + 1])


def receipts_behind(
    subject: Subject, week: Week, only: str = "", *, page: int = 0
) -> list[dict[str, Any]]:
    """The receipts credited in the week, newest first: amount, time, buyer, what was in them.

    `only` narrows to those that were kept (BUYERS), to returning buyers, or to closed hours.
    """
    found = _credits(subject, week.begins, week.ends)
    if only in (BUYERS, RETURNING):
        found = found.filter(_KEPT, member_no__isnull=False)
    if only == RETURNING:
        found = found.filter(_bought_before(subject, week))
    if only == CLOSED:
        found = found.filter(was_open=False)
    rows = list(
        found.values("source", "receipt_no")
        .annotate(
            amount=Sum("amount"),
            at=Max("sold_at"),
            member_no=Max("member_no"),
            store_no=Max("store_no"),
            refund_of=Max("refund_of"),
        )
        .order_by("-at", "source", "receipt_no")[page * PAGE : (page + 1) * PAGE + 1]
    )
    skus: dict[tuple[str, str], list[str]] = defaultdict(list)
    inside = _credits(subject, week.begins, week.ends).filter(
        receipt_no__in=[row["receipt_no"] for row in rows]
    )
    for source, receipt_no, sku in inside.order_by("line").values_list(
        "source", "receipt_no", "sku"
    ):
        if sku not in skus[source, receipt_no]:
            skus[source, receipt_no].append(sku)
    return [{**row, "skus": skus[row["source"], row["receipt_no"]]} for row in rows]


def latest_receipts(
    guide_no: int, *, since: datetime, until: datetime, most: int = 3
) -> list[dict[str, Any]]:
    """The newest receipts of a guide that were kept; for her Today page."""
    return list(
        Credit.objects.filter(_KEPT, guide_no=guide_no, sold_at__gte=since, sold_at__lte=until)
        .values("source", "receipt_no")
        .annotate(
            amount=Sum("kept"), at=Max("sold_at"), member_no=Max("member_no"), reason=Max("reason")
        )
        .order_by("-at", "receipt_no")[:most]
    )


def leaders_of(subject: Subject, week: Week, *, most: int) -> list[tuple[int, str, str, int]]:
    """The guides with the largest credit of the week: number, name, store, amount."""
    rows = list(
        _credits(subject, week.begins, week.ends)
        .values("guide_no")
        .annotate(total=Sum("amount"))
        .order_by("-total", "guide_no")[:most]
    )
    guides = Guide.objects.select_related("store").in_bulk([row["guide_no"] for row in rows])
    return [
        (guide.pk, guide.name, guide.store.name, row["total"])
        for row in rows
        if (guide := guides.get(row["guide_no"])) is not None
    ]


def befriended_of(subject: Subject, week: Week) -> int:
    """How many of the week's new members have become friends, then or since."""
    newcomers = Touch.objects.filter(
        **subject.facts,
        kind=TouchKind.REGISTRATION,
        at__gte=week.begins,
        at__lt=week.ends,
        member_no__isnull=False,
    )
    friends = Touch.objects.filter(
        **subject.facts,
        kind=TouchKind.FRIEND,
        at__gte=week.back(1).begins,
        member_no__in=newcomers.values("member_no"),
    )
    return friends.aggregate(people=Count("member_no", distinct=True))["people"] or 0


def _credits(subject: Subject, since: datetime, until: datetime) -> QuerySet[Credit]:
    return Credit.objects.filter(**subject.facts, sold_at__gte=since, sold_at__lt=until)


def _day_begins(zone: tzinfo) -> Func:
    """The first moment of the sale's day. Django's TruncDay drops the zone: not comparable."""
    return Func(
        Value("day"),
        F("sold_at"),
        Value(str(zone)),
        function="date_trunc",
        output_field=DateTimeField(),
    )


def _earlier() -> QuerySet[Credit]:
    """Did she buy on an earlier day, as far as the scope around us reaches? Several receipts of one
    visit are one.
    """
    return Credit.objects.filter(
        _KEPT, member_no=OuterRef("member_no"), sold_at__lt=OuterRef("day")
    )


def _bought_before(subject: Subject, week: Week) -> Q:
    came_back = (
        _credits(subject, week.begins, week.ends)
        .filter(_KEPT)
        .annotate(day=_day_begins(week.zone))
        .filter(Exists(_earlier()))
    )
    return Q(pk__in=came_back.values("pk"))
