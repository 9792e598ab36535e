"""A trial reads by portions, and of a buyer only touches that can matter: nothing is lost."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from stores.conversions.actions import propose_rule
from stores.conversions.models import RuleTrial
from stores.conversions.rules import (
    BINDING,
    Sale,
    TouchFact,
    read_terms,
    share_sale,
    take_back,
)
from stores.conversions.trying import begin_trial, compare_portion
from stores.ledger.models import PurchaseLine, Touch
from stores.ledger.steps import record_merge
from tests.cast import Cast
from tests.stores.conversions.builders import TEST, days, sell, touch

ALL, SALES = 1_000_000, 36
ALIAS, PERSON = 901, 900
SHARED: dict[str, Any] = {"ladder": [{"kind": "linear", "window_days": 20}], "server_share": 10}
LOCKED: dict[str, Any] = {"ladder": [{"kind": "last_touch", "window_days": 9}], "lock_days": 30}


@action
def merge(member_no: int, into_no: int, *, by: Actor) -> bool:
    return record_merge(member_no=member_no, into_no=into_no, at=timezone.now())


@pytest.fixture
def now(cast: Cast) -> datetime:
    """Half a year in which three people, one under two numbers, are met, buy and bring back."""
    dice = random.Random(11)  # noqa: S311 - the same half year in every run
    now = timezone.now()
    guides, numbers = [cast.lin, cast.zhou, cast.ma], (PERSON, ALIAS, 902, 903)
    for _ in range(90):
        kind = dice.choice(["visit", "push", *BINDING])
        touch(kind, dice.choice(guides), dice.choice(numbers), now - days(dice.uniform(1, 180)))
    for number in range(SALES):
        at, amount = now - days(dice.uniform(5, 170)), dice.randrange(100, 9_000)
        store, served_by = dice.choice([cast.guomao, cast.wangjing]), dice.choice(guides)
        buyer = dice.choice([None, *numbers])
        lines, till = [(1, amount)], f"till-{number % 2}"
        sell(
            f"A{number}", store, lines=lines, at=at, member_no=buyer, served_by=served_by,
            source=till,
        )  # fmt: skip
        for part in range(number % 3):
            back = [(1, -amount // (3 + part))]
            sale = f"A{number}/1"
            sell(
                f"R{number}-{part}", store, lines=back, at=at + days(1), refund_of=sale,
                source=till,
            )  # fmt: skip
    merge(ALIAS, PERSON, by=TEST)
    return now


def tried(terms: dict[str, Any], now: datetime, *, size: int) -> RuleTrial:
    rule = propose_rule(name="试", terms=terms, effective_from=now + days(3), by=TEST)
    trial = begin_trial(rule, since=now - days(400), until=now, by=TEST)
    while compare_portion(trial.pk, at=now, by=TEST, size=size):
        pass
    trial.refresh_from_db()
    return trial


def would_have(trial: RuleTrial) -> dict[tuple[int, int], int]:
    return {(one.store_no, one.guide_no): one.then for one in trial.shares.exclude(then=0)}


def by_every_fact(terms: dict[str, Any]) -> dict[tuple[int, int], int]:
    """The pure rule over everything that anybody ever did for who bought."""
    total: Counter[tuple[int, int]] = Counter()
    for line in PurchaseLine.objects.filter(refund_of=""):
        meant = [PERSON, ALIAS] if line.member_no in (PERSON, ALIAS) else [line.member_no or 0]
        touches = [
            TouchFact(row.pk, row.kind, row.guide_no or 0, row.at, row.source)
            for row in Touch.objects.filter(member_no__in=meant)
        ]
        sale = Sale(line.amount, line.sold_at, line.served_by_no)
        shares = share_sale(sale, touches, [], read_terms(terms))
        back = PurchaseLine.objects.filter(
            source=line.source, refund_of=f"{line.receipt_no}/{line.line}"
        )
        refunds = list(back.order_by("sold_at", "receipt_no").values_list("amount", flat=True))
        for share in [*shares, *(one for part in take_back(shares, refunds) for one in part)]:
            total[line.store_no, share.guide] += share.amount
    return {key: amount for key, amount in total.items() if amount}


@pytest.mark.parametrize("terms", [SHARED, LOCKED], ids=["shared", "locked"])
def test_no_touch_that_matters_is_left_out(now: datetime, terms: dict[str, Any]) -> None:
    assert would_have(tried(terms, now, size=ALL)) == by_every_fact(terms)


def test_a_trial_is_the_same_whatever_its_portions(now: datetime) -> None:
    told = []
    for size in (3, 11, ALL):
        trial = tried(SHARED, now, size=size)
        sums = sorted(trial.shares.values_list("store_no", "guide_no", "now", "then"))
        told.append((trial.lines, trial.changed, trial.examples, sums))
    lines, changed, examples, _ = told[0]
    assert lines == SALES
    assert changed > len(examples) == 20
    assert told[1:] == told[:1] * 2


def test_a_portion_asks_no_more_for_twenty_sales_than_for_two(now: datetime) -> None:
    counts = []
    for size in (2, 20):
        rule = propose_rule(name="试", terms=SHARED, effective_from=now + days(3), by=TEST)
        trial = begin_trial(rule, since=now - days(400), until=now, by=TEST)
        compare_portion(trial.pk, at=now, by=TEST, size=SALES - size)
        with CaptureQueriesContext(connection) as asked:
            compare_portion(trial.pk, at=now, by=TEST, size=size)
        counts.append(len(asked))
    assert counts[0] <= counts[1] <= counts[0] + 3
