"""The figures as tables to take away: days, stores, guides, sources, and a settled month.

Nothing of a member is in any of them. Of guides there are names and what they earned: whoever takes
that leaves a line in the log of changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from stores.commission.models import Commission, Settlement
from stores.figures.dashboard import Asked
from stores.figures.facts import NOWHERE
from stores.figures.measures import SHARED, WORDS
from stores.figures.parts import names_of
from stores.figures.queries import (
    Totals,
    by_guide,
    by_store,
    guides_named,
    other_sources,
    read_days,
    sources_in,
)
from stores.figures.sheets import Cell, Sheet
from stores.org.models import Guide, Store

MOST_GUIDES: Final = 50_000
MOST_SOURCES: Final = 5_000
WHAT: Final = {"days": "按天", "stores": "按门店", "guides": "按导购", "sources": "按来源"}
_PAID: Final = (
    "工号", "导购", "门店", "月份", "本月归属（元）", "补差（元）", "上月结转（元）", "目标（元）",
    "计提金额（元）", "提成（元）", "结转下月（元）",
)  # fmt: skip


def sheet_of(what: str, asked: Asked) -> Sheet:
    """One of the tables for what was asked for. Raises KeyError for another name."""
    period = asked.choice.period
    name = f"业绩{WHAT[what]} {period.first} 至 {period.last}"
    tables: dict[str, Callable[[Asked], Iterable[list[Cell]]]] = {
        "days": _days,
        "stores": _stores,
        "guides": _guides,
        "sources": _sources,
    }
    head, *body = tables[what](asked)
    return Sheet(name, [str(cell) for cell in head], body)


def settled_sheet(settlement: Settlement) -> Sheet:
    """A settled month, guide by guide, as it was paid."""
    paid = list(Commission.objects.filter(settlement=settlement).order_by("-amount", "guide_no"))
    guides = guides_named(row.guide_no for row in paid)
    stores = Store.objects.in_bulk([row.store_no for row in paid])
    month = f"{settlement.month:%Y-%m}"
    return Sheet(
        f"提成 {settlement.entity.name} {month}",
        _PAID,
        [
            [
                *_named(guides.get(row.guide_no)),
                stores[row.store_no].name if row.store_no in stores else "",
                month,
                *(_yuan(v) for v in (row.sales, row.adjustments, row.brought, row.target)),
                *(_yuan(v) for v in (row.base, row.amount, row.carried)),
            ]
            for row in paid
        ],
    )


def _days(asked: Asked) -> Iterable[list[Cell]]:
    measures = asked.choice.measures
    days, _, _ = read_days(asked.choice)
    yield ["日期", *(_title(m) for m in measures)]
    for day in sorted(days):
        yield [day.isoformat(), *_values(Totals(days[day]), measures)]


def _stores(asked: Asked) -> Iterable[list[Cell]]:
    measures = asked.choice.measures
    sums = by_store(asked.choice)
    yield ["门店编号", "门店", "区域", *(_title(m) for m in measures)]
    for store in asked.chosen:
        if store.pk in sums:
            said = _values(Totals(sums[store.pk]), measures)
            yield [store.code, store.name, store.region.name, *said]
    if NOWHERE in sums:
        yield ["", "无门店", "", *_values(Totals(sums[NOWHERE]), measures)]


def _guides(asked: Asked) -> Iterable[list[Cell]]:
    sums = by_guide(asked.choice, most=MOST_GUIDES)
    named = guides_named(sums)
    yield ["工号", "导购", "门店", *(_title(m) for m in SHARED)]
    for number, row in sums.items():
        guide = named.get(number)
        where = guide.store.name if guide else ""
        yield [*_named(guide), where, *_values(Totals(row), SHARED)]


def _sources(asked: Asked, *, most: int = MOST_SOURCES) -> Iterable[list[Cell]]:
    """Each code and each push; beyond so many the rest as one line: nothing is left out."""
    yield ["来自", "名称", "素材", "扫码或送达", _title("sales")]
    for kind, words in (("code", "渠道码"), ("push", "群发")):
        shown = sources_in(asked.choice, kind, most=most)
        names = names_of(kind, [source for source, *_ in shown])
        for source, count, sales in shown:
            name = names.get(source)
            title, material = (name.title, name.material_title) if name else (source, "")
            yield [words, title, material, count, _yuan(sales)]
        many, count, sales = other_sources(asked.choice, kind, [source for source, *_ in shown])
        if many:
            yield [words, f"其他 {many} 个", "", count, _yuan(sales)]


def _named(guide: Guide | None) -> list[Cell]:
    return [guide.employee_no, guide.name] if guide else ["", ""]


def _is_money(measure: str) -> bool:
    return "分" in WORDS[measure]


def _title(measure: str) -> str:
    return WORDS[measure].replace("分", "元") if _is_money(measure) else WORDS[measure]


def _values(sums: Totals, measures: Iterable[str]) -> list[Cell]:
    return [_yuan(sums[m]) if _is_money(m) else sums[m] for m in measures]


def _yuan(minor: int | None) -> float | None:
    """Exact: a double holds cents up to ninety billion yuan."""
    return None if minor is None else minor / 100
