"""What HQ reads of a trial: stores, guides and receipts by name, the largest change first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from stores.conversions.models import CreditRule, RuleTrial
from stores.conversions.trying import shares_of
from stores.org.models import Guide, Store

MOST_GUIDES: Final = 50


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody's sales now and under the rule on trial, in minor units."""

    name: str
    now: int
    then: int
    store: str = ""

    @property
    def more(self) -> int:
        return self.then - self.now


def trial_page(rule: CreditRule) -> dict[str, Any]:
    """The newest trial of a rule in words and numbers; four queries, however many shares."""
    trial = RuleTrial.objects.filter(rule=rule).order_by("-pk").first()
    if trial is None or trial.finished_at is None:
        return {"trial": trial}
    shares = shares_of(trial)
    shown = [share for share in shares if share.now != share.then][:MOST_GUIDES]
    told = {int(guide) for one in trial.examples for guide in (*one["now"], *one["then"])}
    guides = dict(
        Guide.objects.filter(pk__in={share.guide_no for share in shown} | told).values_list(
            "pk", "name"
        )
    )
    stores = dict(
        Store.objects.filter(pk__in={share.store_no for share in shares}).values_list("pk", "name")
    )
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for share in shares:
        sums[share.store_no][0] += share.now
        sums[share.store_no][1] += share.then
    return {
        "trial": trial,
        "stores": _largest_first(
            [Row(stores.get(key, "—"), now, then) for key, (now, then) in sums.items()]
        ),
        "guides": [
            Row(
                guides.get(share.guide_no, "—"),
                share.now,
                share.then,
                stores.get(share.store_no, "—"),
            )
            for share in shown
        ],
        "hidden": sum(1 for share in shares if share.now != share.then) - len(shown),
        "examples": [
            {**one, "now": _named(one["now"], guides), "then": _named(one["then"], guides)}
            for one in trial.examples
        ],
    }


def _largest_first(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-abs(row.more), row.name))


def _named(shares: dict[str, int], names: dict[int, str]) -> list[tuple[str, int]]:
    return [(names.get(int(guide), "—"), amount) for guide, amount in shares.items()]
