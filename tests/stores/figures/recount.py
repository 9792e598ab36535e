"""The sums once more, row by row in Python: says what `counting.py` has to say, in other words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from stores.conversions.models import Credit
from stores.figures.counting import GUIDES, SOURCES, STORES, Table
from stores.figures.measures import TOUCHES
from stores.figures.models import GuideDay, SourceDay, StoreDay
from stores.ledger.models import PurchaseLine, ReceiptMember, Touch
from stores.org.models import Store
from stores.org.queries import OpenHours

HOUSE = ZoneInfo(settings.TIME_ZONE)
Sums = dict[tuple[Any, ...], dict[str, int]]
MODELS: dict[Table, Any] = {STORES: StoreDay, GUIDES: GuideDay, SOURCES: SourceDay}


def kept_sums(table: Table) -> Sums:
    """What stands; rows and columns of nothing left out."""
    found: Sums = {}
    for row in MODELS[table].objects.all():
        key = (row.store_no, row.day, *(getattr(row, name) for name in table.keys))
        said = {name: getattr(row, name) for name in table.measures if getattr(row, name)}
        if said:
            found[key] = said
    return found


def sums_by_hand(table: Table) -> Sums:
    """What the facts say."""
    counts: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    zones = {store.pk: ZoneInfo(store.time_zone) for store in Store.objects.all()}
    origins = _origins()
    for touch in Touch.objects.all():
        day = touch.at.astimezone(zones.get(touch.store_no or 0, HOUSE)).date()
        name = next(m for m, kind in TOUCHES.items() if kind == touch.kind)
        for part in _parts_of_touch(table, touch, origins):
            counts[touch.store_no or 0, day, *part][name] += 1
    _add_credits(table, counts, zones, origins)
    if table is STORES:
        _add_lines(counts, zones)
    return {
        key: said
        for key, row in counts.items()
        if (said := {n: len(v) if isinstance(v, set) else v for n, v in row.items() if v})
    }


def _origins() -> dict[int, tuple[str, datetime]]:
    found: dict[int, tuple[str, datetime]] = {}
    rows = Touch.objects.filter(kind="registration", member_no__isnull=False).exclude(source="")
    for touch in rows.order_by("-at", "-source"):
        assert touch.member_no is not None
        found[touch.member_no] = (touch.source, touch.at)
    return found


def _parts_of_touch(
    table: Table, touch: Touch, origins: dict[int, tuple[str, datetime]]
) -> Iterator[tuple[Any, ...]]:
    if table is STORES:
        yield ()
    elif table is GUIDES:
        if touch.guide_no is not None:
            yield (touch.guide_no,)
    else:
        if touch.kind in ("push", "link_open") and touch.source:
            yield ("push", touch.source)
        if touch.kind in ("scan", "registration"):
            if touch.source:
                yield ("code", touch.source)
        elif touch.member_no in origins and touch.at >= origins[touch.member_no][1]:
            yield ("code", origins[touch.member_no][0])


def _parts_of_credit(
    table: Table, credit: Credit, origins: dict[int, tuple[str, datetime]]
) -> Iterator[tuple[Any, ...]]:
    if table is STORES:
        yield ()
    elif table is GUIDES:
        yield (credit.guide_no,)
    else:
        earned = Touch.objects.filter(pk__in=credit.touches, kind__in=("push", "link_open"))
        for source in {touch.source for touch in earned if touch.source}:
            yield ("push", source)
        if credit.member_no in origins and credit.sold_at >= origins[credit.member_no][1]:
            yield ("code", origins[credit.member_no][0])


def _add_credits(table: Table, counts: Any, zones: dict[int, ZoneInfo], origins: Any) -> None:
    days: dict[int, dict[date, tuple[datetime, int]]] = defaultdict(dict)
    for credit in Credit.objects.filter(kept__gt=0, member_no__isnull=False):
        day = credit.sold_at.astimezone(zones[credit.store_no]).date()
        where = (credit.sold_at, credit.store_no)
        hers = days[credit.member_no or 0]
        hers[day] = min(where, hers.get(day, where))
    for credit in Credit.objects.all():
        day = credit.sold_at.astimezone(zones[credit.store_no]).date()
        for part in _parts_of_credit(table, credit, origins):
            row = counts[credit.store_no, day, *part]
            row["sales"] += credit.amount
            row["kept"] += credit.kept
            row["refunds"] += credit.amount if credit.refund_of else 0
            row["timed_sales"] += credit.amount if credit.was_open is not None else 0
            row["closed_sales"] += credit.amount if credit.was_open is False else 0
            if credit.kept > 0:
                _put(row, "receipts", (credit.source, credit.receipt_no))
                if credit.member_no is not None:
                    _add_buyer(row, credit.member_no, days[credit.member_no], day, credit.store_no)


def _add_buyer(
    row: Any, member_no: int, days: dict[date, tuple[datetime, int]], day: date, store_no: int
) -> None:
    """Once in the house: in the store where she bought first on the day."""
    before = sum(1 for other in days if other < day)
    is_here = days[day][1] == store_no
    of_her = {
        "buyers": True,
        "first_buyers": before == 0 and is_here,
        "second_buyers": before == 1 and is_here,
        "came_back": before > 0,
    }
    for name, holds in of_her.items():
        if holds:
            _put(row, name, member_no)


def _add_lines(counts: Any, zones: dict[int, ZoneInfo]) -> None:
    late = set(ReceiptMember.objects.values_list("source", "receipt_no"))
    stores = Store.objects.in_bulk()
    hours = OpenHours(stores)
    for line in PurchaseLine.objects.all():
        at = min(line.sold_at, line.recorded_at)
        row = counts[line.store_no, at.astimezone(zones[line.store_no]).date()]
        receipt = (line.source, line.receipt_no)
        is_member = line.member_no is not None or receipt in late
        row["all_sales"] += line.amount
        row["all_refunds"] += min(line.amount, 0)
        row["member_sales"] += line.amount if is_member else 0
        if line.refund_of or line.amount <= 0:
            continue
        _put(row, "all_receipts", receipt)
        if is_member:
            _put(row, "member_receipts", receipt)
        was_open = hours.was_open(line.store_no, at)
        metres = _metres(stores[line.store_no], line)
        row["sold"] += line.amount
        row["timed_sold"] += line.amount if was_open is not None else 0
        row["closed_sold"] += line.amount if was_open is False else 0
        row["placed_sold"] += line.amount if metres is not None else 0
        is_far = metres is not None and metres > stores[line.store_no].catchment_metres
        row["outside_sold"] += line.amount if is_far else 0


def _put(row: Any, name: str, thing: Any) -> None:
    row[name] = (row[name] or set()) | {thing}


def _metres(store: Store, line: PurchaseLine) -> float | None:
    """The way over the sphere by the law of cosines: another formula than the product's."""
    told = (store.latitude, store.longitude, line.latitude, line.longitude)
    if None in told:
        return None
    a, b, c, d = (math.radians(float(value)) for value in told if value is not None)
    return 6_371_000 * math.acos(
        math.sin(a) * math.sin(c) + math.cos(a) * math.cos(c) * math.cos(b - d)
    )
