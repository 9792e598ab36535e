"""HQ's page of figures put together: what was asked for, the numbers, pictures, ranks, sources.

The page reads sums, never facts: the number of its queries is the same for one touch and for a
hundred million.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings

from kit.actor import Scope
from kit.money import shown
from stores.figures import cohorts, pictures
from stores.figures.facts import NOWHERE
from stores.figures.measures import TOUCHES
from stores.figures.parts import Named, Part, names_of, parts_of
from stores.figures.queries import (
    Choice,
    Counts,
    Totals,
    by_guide,
    by_store,
    guides_named,
    last_proof,
    ranking,
    read_days,
    shift_seconds,
    sources_in,
    waiting_since,
)
from stores.figures.rules import PER_HOUR, PRESETS, Period, read_period
from stores.org.models import Store

SHOWN: Final = 20
FUNNEL: Final = (
    ("scans", "扫码"),
    ("new_members", "成为会员"),
    ("friends", "加企微"),
    ("group_joins", "入群"),
    ("link_opens", "打开链接"),
    ("first_buyers", "首次购买"),
    ("second_buyers", "第二次购买"),
    ("referrals", "带来朋友"),
)
_TERMS: Final = ("period", "since", "until", "region", "store", "code", "push", "material")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an account asked for, within what it may see."""

    choice: Choice
    terms: dict[str, str]
    stores: list[Store]
    chosen: list[Store]
    pushes: Mapping[str, Named]
    codes: Mapping[str, Named]

    @property
    def title(self) -> str:
        """Whose figures, in words."""
        if self.terms.get("store") and len(self.chosen) == 1:
            return self.chosen[0].name
        if self.terms.get("region") and self.chosen:
            return self.chosen[0].region.name
        return "全部门店"

    def href(self, **changes: str) -> str:
        """The address of the page with other terms."""
        terms = {key: value for key, value in {**self.terms, **changes}.items() if value}
        return f"?{urlencode(terms)}"


def read_asked(query: Mapping[str, str], scope: Scope, now: datetime) -> Asked:
    """The terms of an address. What lies outside the account's stores is not there for it."""
    terms = {key: query.get(key, "")[:80] for key in _TERMS if query.get(key)}
    stores = list(Store.objects.select_related("region").order_by("code"))
    if not scope.everything:
        stores = [store for store in stores if store.pk in scope.stores]
    chosen = [
        store
        for store in stores
        if terms.get("store", store.code) == store.code
        and terms.get("region", str(store.region_id)) == str(store.region_id)
    ]
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    period = read_period(
        terms.get("period", ""), terms.get("since", ""), terms.get("until", ""), today
    )
    narrow = not scope.everything or len(chosen) < len(stores)
    wide = Choice(period, frozenset(store.pk for store in chosen) if narrow else None)
    pushes = names_of("push", [source for source, *_ in sources_in(wide, "push")])
    codes = names_of("code", [source for source, *_ in sources_in(wide, "code")])
    return Asked(_narrowed(wide, terms), terms, stores, chosen, pushes, codes)


def _narrowed(wide: Choice, terms: Mapping[str, str]) -> Choice:
    """The choice of one code, one push, or all pushes of one material, also those not listed."""
    if terms.get("code"):
        return replace(wide, kind="code", sources=(terms["code"],))
    if terms.get("push"):
        return replace(wide, kind="push", sources=(terms["push"],))
    if terms.get("material"):
        both = replace(wide, period=Period(wide.period.before.first, wide.period.last))
        every = names_of("push", [source for source, *_ in sources_in(both, "push", most=None)])
        same = [source for source, name in every.items() if name.material == terms["material"]]
        return replace(wide, kind="push", sources=tuple(same))
    return wide


def dashboard(asked: Asked, now: datetime) -> dict[str, Any]:
    """Everything the page shows."""
    choice = asked.choice
    days, totals, before = read_days(choice)
    since, until = _bounds(choice)
    return {
        "asked": asked,
        "presets": [(key, words, asked.href(period=key, since="", until=""))
                    for key, words in PRESETS.items()],
        "regions": sorted({store.region for store in asked.stores}, key=lambda r: r.name),
        "materials": _materials(asked.pushes.values()),
        "totals": totals,
        "before": before,
        "tiles": _tiles(totals, before),
        "rungs": [(words, totals[key], before[key]) for key, words in FUNNEL],
        "widest": max(totals[key] for key, _ in FUNNEL),
        "days": _table(choice, days),
        "chart": _chart(choice, days),
        "parts": [] if choice.kind else parts_of(choice.stores, since, until),
        "waiting": waiting_since(),
        "proof": last_proof(),
        **({} if choice.kind else {**_ranks(asked, now), **_area(choice)}),
    }  # fmt: skip


def _bounds(choice: Choice) -> tuple[datetime, datetime]:
    zone = ZoneInfo(settings.TIME_ZONE)
    end = choice.period.last + timedelta(days=1)
    return datetime.combine(choice.period.first, time(), zone), datetime.combine(end, time(), zone)


def _tiles(now: Totals, before: Totals) -> list[Part]:
    """The sums in words, each beside the same time before."""
    tiles = [
        _money("归属导购的销售", now["sales"], before["sales"]),
        _money("平均每单", now.basket, before.basket),
        _people("下单会员人次", now["buyers"], before["buyers"]),
        _share("复购率", now.repeat_percent, before.repeat_percent, "下单的会员里以前也买过的"),
        _people("新增会员", now["new_members"], before["new_members"]),
        _people("用券", now["coupons_used"], before["coupons_used"]),
    ]
    if "all_sales" not in now.counts:
        return tiles
    unknown = now.unplaced_percent
    far = "按小票上的位置" + (f"；{unknown}% 没有位置" if unknown else "")
    return [
        _money("全部销售", now["all_sales"], before["all_sales"]),
        *tiles,
        _share("会员销售占比", now.member_percent, before.member_percent, "私域：认得出会员的销售"),
        _share("归属导购占比", now.credited_percent, before.credited_percent, "占全部销售"),
        _share("闭店后", now.closed_percent, before.closed_percent, "退货前，按当天的营业时间"),
        _share("商圈外", now.outside_percent, before.outside_percent, far),
    ]


def _money(title: str, now: int, before: int) -> Part:
    return Part(title, shown(round(now, -2)), f"之前 {shown(round(before, -2))}", now)


def _people(title: str, now: int, before: int) -> Part:
    return Part(title, f"{now:,}", f"之前 {before:,}", now)


def _share(title: str, now: int | None, before: int | None, why: str) -> Part:
    said = "未知" if now is None else f"{now}%"
    past = "未知" if before is None else f"{before}%"
    return Part(title, said, f"之前 {past}；{why}", now)


def _table(choice: Choice, days: Mapping[date, Counts]) -> list[tuple[date, Totals]]:
    """The last days, newest first, as far as a table is readable."""
    return [(day, Totals(days[day])) for day in sorted(days, reverse=True)][:62]


def _chart(choice: Choice, days: Mapping[date, Counts]) -> dict[str, Any]:
    """Sales as columns: a day each, a week each where that would be too many."""
    each = choice.period.each_day
    width = 1 if len(each) <= pictures.MOST_COLUMNS else 7
    values, titles = [], []
    for start in range(0, len(each), width):
        span = each[start : start + width]
        values.append(sum(days.get(day, {}).get("sales", 0) for day in span))
        until = f" 至 {span[-1]:%-m-%-d}" if width > 1 else ""
        titles.append(f"{span[0]:%-m-%-d}{until} {shown(values[-1])}")
    return {
        "svg": pictures.columns(values, titles),
        "first": each[0],
        "last": each[-1],
        "unit": "周" if width > 1 else "天",
        "top": max(values, default=0),
    }


def _ranks(asked: Asked, now: datetime) -> dict[str, Any]:
    choice = asked.choice
    stores, guides = by_store(choice), by_guide(choice)
    nowhere = stores.pop(NOWHERE, {})
    of_stores = shift_seconds(choice, now, by="store_id", numbers=stores)
    of_guides = shift_seconds(choice, now, by="guide_id", numbers=guides)
    store_base, store_rows = ranking(stores, of_stores)
    guide_base, guide_rows = ranking(guides, of_guides)
    shown_guides = guide_rows[:SHOWN]
    named = guides_named(row["number"] for row in shown_guides)
    by_number = {store.pk: store for store in asked.stores}
    return {
        "nowhere": sum(nowhere.get(name, 0) for name in TOUCHES),
        "store_base": _base_words(store_base),
        "store_rows": [
            {**row, "name": found.name, "href": asked.href(store=found.code, region="")}
            for row in store_rows[:SHOWN]
            if (found := by_number.get(row["number"]))
        ],
        "guide_base": _base_words(guide_base),
        "guide_rows": [
            {**row, "name": guide.name, "where": guide.store.name}
            for row in shown_guides
            if (guide := named.get(row["number"]))
        ],
    }


def _base_words(base: str) -> str:
    return (
        "按每个排班小时的归属销售"
        if base == PER_HOUR
        else "按每个有记录的工作日的归属销售（有人没有排班，全部按天算才公平）"
    )


def _area(choice: Choice) -> dict[str, Any]:
    found = cohorts.cohorts_of(choice.stores, choice.period.last)
    return {
        "cohorts": found,
        "boxes": pictures.boxes(found),
        "moved": [
            (words, f"{factor:.2f}")
            for words, factor in cohorts.what_moved(choice.stores, choice.period.last)
        ],
    }


def _materials(pushes: Iterable[Named]) -> list[tuple[str, str]]:
    return sorted({(name.material, name.material_title) for name in pushes if name.material})
