"""A rule worked out on bitmaps. It repeats `conditions.py`, which says what a rule means."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from pyroaring import BitMap

from kit.actor import Scope
from members.audience.columns import read
from members.audience.conditions import tag_ids
from members.audience.facets import STAGES, TIERS, Facets, Leaf, number_of
from members.audience.facts import day_of, figure, in_groups
from members.audience.slices import Ids
from members.consent.rules import newest_year_of_adults
from members.tags.models import Tag
from stores.org.models import Guide, Store

_OF_PURCHASES = frozenset({"purchase", "numbers"})
_OF_GROUPS = frozenset({"group", "numbers"})
_NO_BOUND = frozenset({"at_least", "at_most"})


class NotRead(Exception):
    """A leaf that nobody has read yet; `leaf` says how to."""

    def __init__(self, key: str, leaf: Leaf) -> None:
        super().__init__(key)
        self.key, self.leaf = key, leaf


@dataclass(frozen=True, slots=True)
class Places:
    """Which stores have a code, a region; read beside the facets now and then."""

    by_code: Mapping[str, int]
    by_region: Mapping[str, tuple[int, ...]]

    @classmethod
    def read(cls) -> Places:
        by_code: dict[str, int] = {}
        by_region: dict[str, list[int]] = {}
        for key, code, region in Store.objects.values_list("pk", "code", "region__name"):
            by_code[code] = key
            by_region.setdefault(region, []).append(key)
        return cls(by_code, {name: tuple(keys) for name, keys in by_region.items()})


class Algebra:
    """Works rules out at one moment on facets that nobody changes meanwhile."""

    def __init__(self, facets: Facets, places: Places, at: datetime) -> None:
        self.facets, self.places, self.at = facets, places, at
        self.today = day_of(at)

    # ------------------------------------------------------------ who there is

    def active(self) -> Any:
        """Active members, also those who are never meant."""
        return self.bit("active")

    def matchable(self) -> Any:
        """Who may be meant at all."""
        minors = self.facets.number("born").at_least(
            newest_year_of_adults(timezone.localtime(self.at)) + 1
        )
        return self.active() - self.bit("restricted") - minors

    def met_by(self, scope: Scope) -> Any:
        """Whom the scope meets; None for everybody."""
        if scope.everything:
            return None
        found = self.union(f"store:{key}" for key in scope.stores)
        if scope.guide is not None:
            found = found | self.facets.number("owner").among([scope.guide])
        return found if scope.member is None else found | BitMap([scope.member])

    # ------------------------------------------------------------ the tree

    def meant(self, rule: Mapping[str, Any], within: Any) -> Any:
        """Those of `within` whom the rule means."""
        return within & self.of(rule, within) if rule else within

    def of(self, node: Mapping[str, Any], within: Any) -> Any:
        """A set whose part in `within` is right; what lies outside may be anything."""
        name, value = next(iter(node.items()))
        if name == "not":
            return within - self.of(value, within)
        if name == "any":
            return BitMap.union(*(self.of(child, within) for child in value))
        if name == "all":
            return self._all(value, within)
        return _TERMS[name](self, value)

    def _all(self, children: Collection[Mapping[str, Any]], within: Any) -> Any:
        asked = [self.of(child, within) for child in children if "not" not in child]
        found = BitMap.intersection(within, *asked)
        for child in children:
            if "not" in child:
                found -= self.of(child["not"], found)
        return found

    # ------------------------------------------------------------ terms

    def bit(self, name: str) -> Any:
        return self.facets.bits.get(name, _NOBODY)

    def union(self, names: Any) -> Any:
        found = [self.facets.bits[name] for name in names if name in self.facets.bits]
        return BitMap.union(*found) if found else _NOBODY

    def since(self, number: str, days: int) -> Any:
        """Whose last day of something is not further back than so many days."""
        first = number_of(self.today - timedelta(days=days))
        return self.facets.number(number).at_least(max(1, first))

    def joined_by(self, day: str) -> Any:
        return self.facets.number("joined").at_least(number_of(date.fromisoformat(day)))

    def of_stores(self, codes: Collection[str]) -> Any:
        keys = (self.places.by_code.get(code) for code in codes)
        return self.union(f"store:{key}" for key in keys)

    def of_regions(self, names: Collection[str]) -> Any:
        return self.union(
            f"store:{key}" for name in names for key in self.places.by_region.get(name, ())
        )

    def owned_by(self, employee_nos: Collection[str]) -> Any:
        keys = Guide.objects.filter(employee_no__in=employee_nos).values_list("pk", flat=True)
        return self.facets.number("owner").among(list(keys))

    def owned(self) -> Any:
        return self.facets.number("owner").known

    def tagged(self, values: list[str]) -> Any:
        keys = Tag.objects.filter(public_id__in=tag_ids(values)).values_list("pk", flat=True)
        return self.union(f"tag:{key}" for key in keys)

    def grouped(self) -> Any:
        def read_groups(ids: Collection[int] | None) -> tuple[Ids, None]:
            rows = in_groups(None if ids is None else list(ids))
            return read(rows, ["who"])["who"], None

        return self.leaf("in_group", lambda: Leaf(read_groups, _OF_GROUPS, None))

    def figured(self, name: str, value: Mapping[str, Any]) -> Any:
        """Bounds of a figure over one window: the window is a leaf, each bound a comparison."""
        window = {key: inner for key, inner in value.items() if key not in _NO_BOUND}

        def read_figures(ids: Collection[int] | None) -> tuple[Ids, Any]:
            rows = figure(name, window, self.at, None if ids is None else list(ids))
            found = read(rows, ["who", "figure"])
            return found["who"], found["figure"]

        day = self.today if "within_days" in window else None
        key = f"{name}:{json.dumps(window, sort_keys=True, ensure_ascii=False)}"
        numbers = self.leaf(key, lambda: Leaf(read_figures, _OF_PURCHASES, day))
        least, most = value.get("at_least"), value.get("at_most")
        if least is None:
            return self.active() - numbers.at_least(int(most or 0) + 1)
        found = numbers.at_least(least)
        return found if most is None else found - numbers.at_least(most + 1)

    def leaf(self, key: str, make: Callable[[], Leaf]) -> Any:
        kept = self.facets.kept_leaf(key, self.today)
        if kept is None:
            raise NotRead(key, make())
        return kept


_NOBODY = BitMap()


def _yes_or_no(of: Callable[[Algebra], Any]) -> Callable[[Algebra, bool], Any]:
    return lambda algebra, wanted: of(algebra) if wanted else algebra.active() - of(algebra)


def _known(kind: str, codes: Collection[str]) -> Callable[[Algebra, list[str]], Any]:
    return lambda algebra, values: algebra.union(f"{kind}:{v}" for v in values if v in codes)


_TERMS: Mapping[str, Callable[[Algebra, Any], Any]] = {
    "tier": _known("tier", TIERS),
    "stage": _known("stage", STAGES),
    "tag": Algebra.tagged,
    "store": Algebra.of_stores,
    "region": Algebra.of_regions,
    "owner": Algebra.owned_by,
    "has_owner": _yes_or_no(Algebra.owned),
    "is_friend": _yes_or_no(lambda algebra: algebra.bit("friend")),
    "in_group": _yes_or_no(Algebra.grouped),
    "consent": lambda algebra, value: algebra.bit(f"consent:{value}"),
    "joined_within_days": lambda algebra, days: algebra.since("joined", days),
    "joined_since": Algebra.joined_by,
    "joined_before": lambda algebra, day: algebra.active() - algebra.joined_by(day),
    "purchased_within_days": lambda algebra, days: algebra.since("bought", days),
    "purchased": lambda algebra, value: algebra.figured("purchased", value),
    "spent": lambda algebra, value: algebra.figured("spent", value),
    "opened_within_days": lambda algebra, days: algebra.since("opened", days),
    "touched_within_days": lambda algebra, days: algebra.since("touched", days),
}
