"""Purchases were recorded or got their member: what they earn, and which coupons come back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from members.identity.models import Member
from members.rewards.earning import LineWorth, count_purchases
from members.rewards.models import CouponUse
from members.rewards.redeeming import return_coupons
from members.rewards.taking_over import take_over_coupons
from members.rewards.tiers import judge_one
from stores.ledger.models import PurchaseLine
from stores.ledger.queries import (
    keys_of,
    late_members,
    lines_of_keys,
    present_numbers,
    refunds_of,
)
from stores.org.models import Store

US: Final = Actor.system("points of purchases")


def purchases_recorded(event: DomainEvent) -> None:
    """Count what was sold, take back what was returned; a refund may come before its sale."""
    source, receipts = event.payload["source"], event.payload["receipts"]
    with scope_of(US):
        lines = _sales(source, receipts)
        worth = _worth(source, lines)
        returned = _returned_receipts(source, lines)
    _count(worth)
    for receipt_no in returned:
        return_coupons(source, receipt_no, by=US)


def receipt_claimed(event: DomainEvent) -> None:
    """A receipt recorded without a member turned out to be hers."""
    source, receipt_no = event.payload["source"], event.payload["receipt_no"]
    with scope_of(US):
        worth = _worth(source, _sales(source, [receipt_no]))
    _count(worth)


def entity_passed_on(event: DomainEvent) -> None:
    """A company's business passed to another one: the coupons of its shops too."""
    take_over_coupons(event.payload["source"], event.payload["target"], by=US)


def _count(worth: dict[int, list[LineWorth]]) -> None:
    for member_no, lines in sorted(worth.items()):
        count_purchases(member_no, lines, by=US)
        judge_one(member_no, by=US)


def _sales(source: str, receipts: Collection[str]) -> list[PurchaseLine]:
    """The sale lines of these receipts, and those that their refund lines take back."""
    lines = list(lines_of_keys(keys_of(source, receipts).values()).values())
    sales = {line.pk: line for line in lines if line.amount > 0 and not line.refund_of}
    taken_back = {line.refund_of for line in lines if line.refund_of}
    names = {name.rpartition("/")[0] for name in taken_back}
    keys = [
        key
        for (receipt_no, line), key in keys_of(source, names).items()
        if f"{receipt_no}/{line}" in taken_back
    ]
    return list((sales | lines_of_keys(keys)).values()) if keys else list(sales.values())


def _worth(source: str, sales: list[PurchaseLine]) -> dict[int, list[LineWorth]]:
    """What each sale line is worth now, by the member it belongs to today."""
    late = late_members(source, {line.receipt_no for line in sales})
    numbers = {
        line.pk: line.member_no if line.member_no is not None else late.get(line.receipt_no)
        for line in sales
    }
    today = present_numbers({no for no in numbers.values() if no is not None})
    entities = dict(Member.objects.filter(pk__in=today.values()).values_list("pk", "entity_id"))
    stores = dict(
        Store.objects.filter(pk__in={line.store_no for line in sales}).values_list(
            "pk", "entity_id"
        )
    )
    refunded = _refunded(source, sales)
    worth: dict[int, list[LineWorth]] = defaultdict(list)
    for line in sorted(sales, key=lambda line: (line.sold_at, line.pk)):
        number = numbers[line.pk]
        if number is None:
            continue
        member_no = today[number]
        # Another company's purchase earns nothing here.
        if entities.get(member_no) != stores.get(line.store_no):
            continue
        worth[member_no].append(
            LineWorth(
                key=f"line:{source}/{line.receipt_no}/{line.line}",
                amount=line.amount,
                refunded=refunded.get((line.receipt_no, line.line), 0),
                sold_at=line.sold_at,
            )
        )
    return worth


def _refunded(source: str, sales: list[PurchaseLine]) -> dict[tuple[str, int], int]:
    """How much of each sale line came back so far."""
    keys = list(refunds_of((source, line.receipt_no, line.line) for line in sales))
    lines = lines_of_keys(keys)
    back: dict[tuple[str, int], int] = defaultdict(int)
    for key in keys:
        receipt_no, _, number = key.refund_of.rpartition("/")
        back[(receipt_no, int(number))] += -lines[key.purchase_line].amount
    return back


def _returned_receipts(source: str, sales: list[PurchaseLine]) -> list[str]:
    """Receipts with coupons of which every line came back whole."""
    names = {line.receipt_no for line in sales}
    used = set(
        CouponUse.objects.filter(source=source, receipt_no__in=names, reversed_at=None).values_list(
            "receipt_no", flat=True
        )
    )
    if not used:
        return []
    lines = [
        line
        for line in lines_of_keys(keys_of(source, used).values()).values()
        if line.amount > 0 and not line.refund_of
    ]
    back = _refunded(source, lines)
    open_ones = {
        line.receipt_no for line in lines if back.get((line.receipt_no, line.line), 0) < line.amount
    }
    return sorted(used & {line.receipt_no for line in lines} - open_ones)
