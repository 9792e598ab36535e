"""A store's target shared out among its guides, looked at over the months that are past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from kit.money import split
from stores.commission.models import CommissionPlan, Target
from stores.commission.queries import plan_for
from stores.commission.rules import Month, earned, read_plan
from stores.figures.models import GuideDay
from stores.org.models import Guide, Role, Store

LOOKED_BACK: Final = 3
_YUAN: Final = 100


@dataclass(frozen=True, slots=True)
class Past:
    """One past month of a guide: what she sold, how much of the new target, for what commission."""

    sales: int
    percent: int | None
    commission: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """One guide's part of the target, and what it would have meant."""

    guide: Guide
    amount: int
    past: tuple[Past, ...]


@dataclass(frozen=True, slots=True)
class SplitTarget:
    """A month's target of a store with every guide's part."""

    store: Store
    month: Month
    whole: int | None
    months: tuple[date, ...]
    parts: tuple[Part, ...]
    plan: CommissionPlan | None

    @property
    def sum(self) -> int:
        return sum(part.amount for part in self.parts)

    @property
    def over(self) -> int:
        """By how much the parts exceed the store's target; below zero when they fall short."""
        return self.sum - (self.whole or 0)


def split_of(store: Store, month: Month, said: Mapping[int, int] | None = None) -> SplitTarget:
    """The parts as said, as they stand, or by what each sold lately; a fixed number of queries."""
    guides = people_of(store)
    months = tuple(month.away(-back).first for back in range(LOOKED_BACK, 0, -1))
    sold = _sold(guides, months)
    whole, standing = _standing(store, month.first)
    plan = plan_for(month.first)
    amounts = said or standing or _suggested(whole, guides, sold, months)
    return SplitTarget(
        store,
        month,
        whole,
        months,
        tuple(
            _part(
                guide, amounts.get(guide.pk, 0), [sold.get((guide.pk, m), 0) for m in months], plan
            )
            for guide in guides
        ),
        plan,
    )


def people_of(store: Store) -> list[Guide]:
    """Who may have a part: all who work there, except who answers for more than the store."""
    found = Guide.objects.working().filter(store=store).exclude(role=Role.AREA_MANAGER)
    return list(found.order_by("employee_no"))


def _sold(guides: list[Guide], months: tuple[date, ...]) -> dict[tuple[int, date], int]:
    rows = (
        GuideDay.objects.filter(
            guide_no__in=[guide.pk for guide in guides],
            day__gte=months[0],
            day__lt=_next(months[-1]),
        )
        .order_by()
        .annotate(month=TruncMonth("day"))
        .values_list("guide_no", "month")
        .annotate(sales=Sum("sales"))
    )
    return {(guide, month): sales for guide, month, sales in rows}


def _standing(store: Store, month: date) -> tuple[int | None, dict[int, int]]:
    rows = list(Target.objects.filter(store=store, month=month))
    whole = next((row.amount for row in rows if row.guide_id is None), None)
    return whole, {row.guide_id: row.amount for row in rows if row.guide_id is not None}


def _suggested(
    whole: int | None,
    guides: list[Guide],
    sold: Mapping[tuple[int, date], int],
    months: tuple[date, ...],
) -> dict[int, int]:
    """In proportion to what each sold in the past months, in whole yuan; alike without any.

    Without a target of the store: what each sold in a month on average.
    """
    sums = [max(0, sum(sold.get((guide.pk, m), 0) for m in months)) for guide in guides]
    if whole is None or not guides:
        parts = [each // len(months) // _YUAN for each in sums]
    else:
        parts = split(whole // _YUAN, sums if any(sums) else [1] * len(guides))
    return {guide.pk: part * _YUAN for guide, part in zip(guides, parts, strict=True)}


def _part(guide: Guide, amount: int, sales: list[int], plan: CommissionPlan | None) -> Part:
    read = read_plan(plan.terms) if plan else None
    return Part(
        guide,
        amount,
        tuple(
            Past(
                sold,
                100 * sold // amount if amount and sold >= 0 else None,
                earned(sold, read, target=amount or None).amount if read else None,
            )
            for sold in sales
        ),
    )


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
