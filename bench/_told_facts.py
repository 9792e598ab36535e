"""Facts as they come in a shop's day, told through the house's own actions, with and without notes.

A touch is told by itself, with its key, its event and its commit, as every door does it; a receipt
by the till's action and the judge. Nine of ten are of today, the rest came late.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from bench._ground import Ground, median, seconds
from kit.actions import action
from kit.actor import Actor
from stores.conversions.steps import judge, sales_behind
from stores.figures.keeping import keep_all, prove_all
from stores.ledger.actions import PlacedReceipt, record_purchases
from stores.ledger.models import TouchKind
from stores.ledger.rules import Line, Receipt
from stores.ledger.steps import record_touch
from stores.org.models import Guide

BENCH: Final = Actor.system("bench")
# What a store of the full scale sees in a day, and how many tell at once.
A_DAY: Final = {"touches": 700, "receipts": 140}
STORES: Final = 20
_KINDS: Final = (TouchKind.VISIT, TouchKind.PUSH, TouchKind.LINK_OPEN, TouchKind.CALL)
_NOTED: Final = ("stores_touch", "stores_purchaseline", "stores_credit")
_OF_TODAY: Final = """
INSERT INTO stores_touch (member_no, guide_no, store_no, kind, source, at, recorded_at)
SELECT m.id, m.owner_id, s.id, 'visit', '', now() - interval '1 second' * (n %% 600), now()
FROM unnest(%s::bigint[]) s (id) CROSS JOIN generate_series(1, %s::int) n
JOIN (SELECT id, owner_id, row_number() OVER (ORDER BY id) AS place FROM members_member
      LIMIT 10000) m ON m.place = 1 + (n * 7919 + s.id * 31) %% 10000
"""


class Day:
    """Facts one after another, each another one: guides, members and ages in turn."""

    def __init__(self) -> None:
        guides = Guide.objects.select_related("store").order_by("pk")
        stores = sorted({guide.store_id for guide in guides})[:STORES]
        self.guides = [guide for guide in guides if guide.store_id in stores]
        self.stores = stores
        # Others than in a measurement before on the same database.
        self.numbers = count(int(timezone.now().timestamp()) * 1000)
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM members_member ORDER BY id LIMIT 10000")
            self.members = [key for (key,) in cursor.fetchall()]

    def begin(self) -> None:
        """The day is full already: counting it again would read all of it."""
        _run(_OF_TODAY, [self.stores, A_DAY["touches"]], by=BENCH)
        self.tell_receipts(A_DAY["receipts"] * len(self.stores), at_once=100)
        keep_all(timezone.now(), most=100_000)

    def tell_touches(self, many: int) -> None:
        for _ in range(many):
            n = next(self.numbers)
            guide = self.guides[n * 31 % len(self.guides)]
            tell_touch(_KINDS[n % 4], f"bench:{n}", guide, self._member(n), _at(n), by=BENCH)

    def tell_receipts(self, many: int, *, at_once: int = 1) -> None:
        for _ in range(0, many, at_once):
            placed = [self._receipt(next(self.numbers)) for _ in range(at_once)]
            record_purchases(placed, source="bench", by=BENCH)
            _judge([("bench", each.receipt.receipt_no) for each in placed], by=BENCH)

    def _member(self, n: int) -> int:
        return int(self.members[n * 7919 % len(self.members)])

    def _receipt(self, n: int) -> PlacedReceipt:
        guide = self.guides[n * 17 % len(self.guides)]
        receipt = Receipt(
            receipt_no=f"B{n}",
            store=guide.store.code,
            sold_at=_at(n),
            lines=(Line(1, "QC-1001", 1, 5_000 + n % 9_000),),
        )
        return PlacedReceipt(receipt, guide.store_id, self._member(n), guide.pk)


def upkeep(ground: Ground, facts: int, rounds: int) -> dict[str, Any]:
    """What notes and counting cost beside telling the same facts without them."""
    day = Day()
    day.begin()
    works: dict[str, Callable[[], object]] = {
        "touch": lambda: day.tell_touches(facts),
        "receipt": lambda: day.tell_receipts(facts // 5),
    }
    found: dict[str, Any] = {}
    sums = {"bare": 0.0, "noted": 0.0, "counted": 0.0}
    for name, work in works.items():
        took = _told_both_ways(ground, work, rounds)
        many = facts if name == "touch" else facts // 5
        found[f"telling_a_{name}_us"] = took["bare"] / many * 1e6
        found[f"marking_over_{name}"] = took["noted"] / took["bare"] - 1
        found[f"counting_over_{name}"] = took["counted"] / took["bare"]
        # Per round five touches were told for each receipt, as in a shop's day.
        sums = {key: value + took[key] for key, value in sums.items()}
    found["marking_over_ingest"] = sums["noted"] / sums["bare"] - 1
    found["counting_over_ingest"] = sums["counted"] / sums["bare"]
    found["upkeep_over_ingest"] = found["marking_over_ingest"] + found["counting_over_ingest"]
    day.tell_touches(8)
    day.tell_receipts(2)
    found["keeper_in_a_quiet_minute_ms"] = 30 * seconds(lambda: keep_all(timezone.now())) * 1000
    # What was told without notes waits for nobody: the recount mends it here.
    prove_all(timezone.now())
    return found


def _told_both_ways(ground: Ground, work: Callable[[], object], rounds: int) -> dict[str, float]:
    took: dict[str, list[float]] = {"bare": [], "noted": [], "counted": []}
    for _ in range(rounds):
        for way, able in (("bare", "DISABLE"), ("noted", "ENABLE")):
            for table in _NOTED:
                ground.as_owner(f"ALTER TABLE {table} {able} TRIGGER USER")
            took[way].append(seconds(work))
        took["counted"].append(seconds(lambda: keep_all(timezone.now(), most=100_000)))
    return {name: median(values) for name, values in took.items()}


def _at(n: int) -> datetime:
    """Now; of ten one yesterday, of fifty one weeks ago."""
    ago = timedelta(days=n % 60) if n % 50 == 0 else timedelta(days=n % 10 == 0)
    return timezone.now() - ago


@action
def tell_touch(
    kind: TouchKind, once: str, guide: Guide, member_no: int, at: datetime, *, by: Actor
) -> None:
    record_touch(
        kind, once=once, at=at, member_no=member_no, guide_no=guide.pk, store_no=guide.store_id
    )


@action
def _judge(receipts: list[tuple[str, str]], *, by: Actor) -> None:
    """As `judge_receipts` does it, but for the hints to screens: nobody looks on here."""
    judge(sales_behind(receipts))


@action
def _run(statement: str, values: list[Any], *, by: Actor) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
