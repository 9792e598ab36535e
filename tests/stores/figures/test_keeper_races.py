"""The keeper beside writers whose transactions overlap it: wherever they commit, nothing is lost.

The facts of a round are written before the keeper begins and not seen by anybody; they commit just
before its first statement, its second, and so on, until every place was tried.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from stores.conversions.actions import judge_receipts
from stores.conversions.models import CreditRule
from stores.conversions.rules import FIRST_TERMS
from stores.conversions.steps import judge, sales_behind
from stores.figures.counting import TABLES
from stores.figures.keeping import KEEPER, keep_all, keep_next
from stores.figures.models import FigureMark, Origin
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from tests.cast import Cast, make_cast
from tests.overlaps import SOON, elsewhere, statements_with, uncommitted
from tests.stores.conversions.builders import NOON, TEST, days, sell, touch
from tests.stores.figures.recount import kept_sums, sums_by_hand

pytestmark = pytest.mark.django_db(transaction=True)


def told(cast: Cast, member_no: int) -> AbstractContextManager[Callable[[], None]]:
    """Written and not committed until the given function is called: a member's registration before
    all her deeds, a visit, and the credit of another member's first receipt.
    """

    def write() -> None:
        _record(cast, "registration", member_no, NOON - days(9), "code-a")
        _record(cast, "visit", member_no, NOON, "")
        judge(sales_behind([("till-1", f"early-{member_no}")]))

    return uncommitted(write)


def _record(cast: Cast, kind: str, member_no: int, at: datetime, source: str) -> None:
    record_touch(
        TouchKind(kind),
        once=f"{kind}:{member_no}:{at.isoformat()}",
        at=at,
        member_no=member_no,
        guide_no=cast.lin.pk,
        store_no=cast.guomao.pk,
        source=source,
    )


def keep() -> int:
    return keep_next(at=timezone.now(), by=KEEPER)


def test_wherever_a_writer_commits_the_sums_are_the_facts(transactional_db: None) -> None:
    cast = make_cast()
    # Without one, two judges would wait for each other to write the house's own.
    CreditRule.objects.create(
        name="r", terms=FIRST_TERMS, effective_from=NOON - days(999), approved_at=timezone.now()
    )
    place, statements = 0, 1
    while place < statements:
        member_no = 900 + place
        early, late, hers = (f"{name}-{member_no}" for name in ("early", "late", "hers"))
        for receipt, away, who in ((early, 0, 1000), (late, 3, 1000), (hers, 4, 0)):
            at, buyer = NOON + days(away), member_no + who
            sell(receipt, cast.guomao, served_by=cast.lin, at=at, member_no=buyer)
        with told(cast, member_no) as commit:
            # These are seen by the keeper, and the others see nothing of them.
            touch("friend", cast.lin, member_no, NOON - days(2))
            judge_receipts([("till-1", late), ("till-1", hers)], by=TEST)
            FigureMark.objects.create(store_no=cast.guomao.pk, day=NOON.date())
            statements = statements_with(commit, place, keep)
            if place >= statements:
                commit()
        keep_all(timezone.now())
        assert not FigureMark.objects.exists()
        for table in TABLES:
            assert kept_sums(table) == sums_by_hand(table), (place, table.name)
        place += 1
    assert place >= 8
    assert Origin.objects.count() == place


def test_a_second_keeper_leaves_everything_to_the_first(transactional_db: None) -> None:
    cast = make_cast()
    touch("visit", cast.lin, 7, NOON + timedelta(hours=1))
    ends: list[Future[Any]] = []

    def try_too() -> None:
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(elsewhere, keep)
            assert other.result(SOON) == 0
            ends.append(other)

    statements_with(try_too, 4, keep)
    assert len(ends) == 1
    assert kept_sums(TABLES[0]) == sums_by_hand(TABLES[0])
