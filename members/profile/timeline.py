"""Everything that happened between a member and the brand, newest first, page by page.

Five sources are read in one order of (moment, source, key), each from the place where the last page
ended: no page is counted off, so what comes in meanwhile moves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from heapq import merge
from typing import Any, Final

from django.db.models import Max, Min, Q, QuerySet, Sum

from kit.money import CURRENCY
from members.behaviour.models import BehaviourEvent
from members.consent.models import ConsentEvent, Decision
from members.identity.models import Member
from stores.catalogue.models import Product
from stores.ledger.models import PurchaseLine, Touch, TouchKind
from stores.ledger.queries import numbers_of
from stores.org.models import Guide, Store

PAGE: Final = 20
# Sources in the order of one moment; the number stands in addresses.
TOUCH, PURCHASE, BEHAVIOUR, DECISION = 1, 2, 3, 4

# A place: moment, source, key.
Spot = tuple[datetime, int, int]


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of her timeline. `icon` is a name of the look's."""

    at: datetime
    source: int
    key: int
    what: str
    icon: str
    who: str = ""
    detail: str = ""
    amount: int | None = None
    currency: str = CURRENCY
    # What a name is looked up by, once for a whole page.
    guide_no: int | None = None
    store_no: int | None = None
    sku: str = ""

    @property
    def spot(self) -> Spot:
        return self.at, self.source, self.key

    @property
    def place(self) -> str:
        """Its place as an address carries it."""
        return f"{round(self.at.timestamp() * 1_000_000)}_{self.source}_{self.key}"


def read_spot(text: str) -> Spot | None:
    """The reverse of `Moment.place`; None for anything else, which is the beginning."""
    parts = text.split("_")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    moment, source, key = parts
    if len(moment) > 16 or len(source) > 1 or len(key) > 18:
        return None
    seconds, micros = divmod(int(moment), 1_000_000)
    return (
        datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=micros),
        int(source),
        int(key),
    )


def timeline_of(member: Member, *, before: Spot | None = None, most: int = PAGE) -> list[Moment]:
    """One page of what happened, newest first; `before` is the place where the last page ended.

    Seven queries, whatever the page holds. In the scope of somebody who looks at her.
    """
    numbers = numbers_of([member.pk]).get(member.pk, {member.pk})
    rows = merge(
        _touches(numbers, before, most),
        _receipts(numbers, before, most),
        _behaviour(member, before, most),
        _decisions(member, before, most),
        key=lambda moment: moment.spot,
        reverse=True,
    )
    page = [moment for moment, _ in zip(rows, range(most), strict=False)]
    return _named(page)


def _behind(before: Spot | None, source: int, at: str = "at", key: str = "pk") -> Q:
    """What lies behind a place, of one source: the order is by moment, then source, then key."""
    if before is None:
        return Q()
    moment, of, number = before
    earlier = Q(**{f"{at}__lt": moment})
    if source < of:
        return Q(**{f"{at}__lte": moment})
    if source == of:
        return earlier | Q(**{at: moment, f"{key}__lt": number})
    return earlier


def _touches(numbers: Collection[int], before: Spot | None, most: int) -> list[Moment]:
    rows = Touch.objects.filter(_behind(before, TOUCH), member_no__in=numbers)
    return [
        Moment(
            at=row.at,
            source=TOUCH,
            key=row.pk,
            what=str(row.get_kind_display()),
            icon=_TOUCH_ICONS.get(row.kind, "chat"),
            guide_no=row.guide_no,
            store_no=row.store_no if row.kind == TouchKind.VISIT else None,
        )
        for row in rows.order_by("-at", "-pk")[:most]
    ]


_TOUCH_ICONS: Final[Mapping[str, str]] = {
    TouchKind.SCAN: "code",
    TouchKind.REGISTRATION: "people",
    TouchKind.FRIEND: "plus",
    TouchKind.LINK_OPEN: "link",
    TouchKind.CALL: "phone",
    TouchKind.VISIT: "home",
    TouchKind.COUPON_USED: "gift",
    TouchKind.PUSH: "send",
}


def _receipts(numbers: Collection[int], before: Spot | None, most: int) -> list[Moment]:
    rows: QuerySet[PurchaseLine, dict[str, Any]] = (
        PurchaseLine.objects.filter(member_no__in=numbers)
        .values("source", "receipt_no", "store_no", "currency")
        .annotate(
            total=Sum("amount"), pieces=Sum("quantity"), moment=Max("sold_at"), number=Min("pk")
        )
        .filter(_behind(before, PURCHASE, "moment", "number"))
        .order_by("-moment", "-number")
    )
    return [
        Moment(
            at=row["moment"],
            source=PURCHASE,
            key=row["number"],
            what="购买" if row["total"] >= 0 else "退货",
            icon="tag",
            detail=f"{abs(row['pieces'])} 件",
            amount=row["total"],
            currency=row["currency"] or CURRENCY,
            store_no=row["store_no"],
        )
        for row in rows[:most]
    ]


def _behaviour(member: Member, before: Spot | None, most: int) -> list[Moment]:
    rows = BehaviourEvent.objects.filter(_behind(before, BEHAVIOUR), member=member)
    return [
        Moment(
            at=row.at,
            source=BEHAVIOUR,
            key=row.pk,
            what=f"在{row.get_touchpoint_display()}{row.get_kind_display()}",
            icon="picture",
            sku=row.object,
        )
        for row in rows.order_by("-at", "-pk")[:most]
    ]


def _decisions(member: Member, before: Spot | None, most: int) -> list[Moment]:
    rows = ConsentEvent.objects.filter(_behind(before, DECISION), member=member)
    return [
        Moment(
            at=row.at,
            source=DECISION,
            key=row.pk,
            what=f"{row.get_decision_display()}“{row.get_purpose_display()}”",
            icon="shield" if row.decision == Decision.GRANT else "lock",
        )
        for row in rows.order_by("-at", "-pk")[:most]
    ]


def _named(page: Sequence[Moment]) -> list[Moment]:
    """The page with the names of guides, stores and products; a query each."""
    guides = dict(
        Guide.objects.filter(pk__in={row.guide_no for row in page if row.guide_no}).values_list(
            "pk", "name"
        )
    )
    stores = dict(
        Store.objects.filter(pk__in={row.store_no for row in page if row.store_no}).values_list(
            "pk", "name"
        )
    )
    products = dict(
        Product.objects.filter(sku__in={row.sku for row in page if row.sku}).values_list(
            "sku", "name"
        )
    )
    named = []
    for row in page:
        who = guides.get(row.guide_no or 0) or stores.get(row.store_no or 0) or ""
        detail = products.get(row.sku, row.sku) if row.sku else row.detail
        named.append(replace(row, who=who, detail=detail))
    return named
