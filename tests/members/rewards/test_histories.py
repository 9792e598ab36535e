"""F-20: points given, waiting, spent, expired, taken back by returns, asked for again.

A model of its own keeps count beside the ledger. `FAULT_TRIALS=full` runs 1 000 histories of 50
steps.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from kit.actions import action
from kit.actor import Actor
from members.identity.models import Member
from members.rewards.errors import NotEnoughPoints
from members.rewards.models import PointsAccount, PointsEntry
from members.rewards.models_of_points import EntryKind
from members.rewards.points import (
    account_of,
    add_points,
    expire_points,
    spend_points,
    write_entry,
)
from members.rewards.queries import accounts_unlike_ledger
from members.rewards.rules import Change, released, taken_back
from tests.cast import Cast
from tests.members.builders import TESTER

FULL = os.environ.get("FAULT_TRIALS") == "full"
HISTORIES, STEPS = (1000, 50) if FULL else (4, 16)
TODAY = date(2026, 11, 1)
POINTS, SOME = st.integers(1, 200), st.integers(0, 99)


class Points(RuleBasedStateMachine):
    """One account; every movement has a key, and keys come again."""

    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        # Each history is rolled back; to our durable actions it looks like the test's own.
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        self.today = TODAY
        # What ever became usable, by the last day on which it may be used; what ever went.
        self.lots: dict[date, int] = {}
        self.gone = self.pending = self.owed = self.number = 0
        self.given: list[tuple[str, int, date]] = []
        self.spent: list[tuple[str, int]] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @property
    def usable(self) -> int:
        return sum(self.lots.values()) - self.gone

    def key(self, word: str) -> str:
        self.number += 1
        return f"{word}:{self.number}"

    def gain(self, points: int, until: date) -> None:
        paid = min(points, self.owed)
        self.owed -= paid
        if points > paid:
            self.lots[until] = self.lots.get(until, 0) + points - paid

    @initialize()
    def begin(self) -> None:
        """Most of what she had is spent: who asks again asks for more than is left."""
        self.earns(100, 30)
        self.spends(80)
        self.is_told_again(0)

    @rule(points=POINTS, lasting=st.integers(0, 60))
    def earns(self, points: int, lasting: int) -> None:
        once, until = self.key("earn"), self.today + timedelta(days=lasting)
        assert give(self.cast.chen, points, once, until, by=TESTER)
        self.given.append((once, points, until))
        self.gain(points, until)

    @rule(points=POINTS)
    def spends(self, points: int) -> None:
        once = self.key("spend")
        if points > self.usable:
            with pytest.raises(NotEnoughPoints):
                take(self.cast.chen, points, once, by=TESTER)
            return
        assert take(self.cast.chen, points, once, by=TESTER)
        self.spent.append((once, points))
        self.gone += points

    @rule(which=SOME)
    def is_told_again(self, which: int) -> None:
        """The till repeats itself: neither given nor taken twice, however little is left."""
        if self.given:
            once, points, until = self.given[which % len(self.given)]
            assert not give(self.cast.chen, points, once, until, by=TESTER)
        if self.spent:
            once, points = self.spent[which % len(self.spent)]
            assert not take(self.cast.chen, points, once, by=TESTER)

    @rule(points=POINTS)
    def buys_and_waits(self, points: int) -> None:
        hold(self.cast.chen, points, self.key("hold"), by=TESTER)
        self.pending += points

    @rule(lasting=st.integers(0, 60))
    def the_window_closes(self, lasting: int) -> None:
        if self.pending:
            until = self.today + timedelta(days=lasting)
            release(self.cast.chen, self.pending, self.key("release"), until, by=TESTER)
            self.gain(self.pending, until)
            self.pending = 0

    @rule(points=POINTS)
    def returns(self, points: int) -> None:
        give_back(self.cast.chen, points, self.key("reverse"), by=TESTER)
        waiting = min(points, self.pending)
        usable = min(points - waiting, self.usable)
        self.pending -= waiting
        self.gone += usable
        self.owed += points - waiting - usable

    @rule(later=st.integers(1, 40))
    def days_pass(self, later: int) -> None:
        self.today += timedelta(days=later)
        expire(self.cast.chen, self.today, by=TESTER)
        expire(self.cast.chen, self.today, by=TESTER)
        # Whatever went, went from what would have expired first: only the rest of it expires.
        due = sum(points for until, points in self.lots.items() if until < self.today)
        self.gone = max(self.gone, due)

    @rule(points=POINTS)
    def dies_before_the_commit(self, points: int) -> None:
        block = transaction.atomic()
        block._from_testcase = True  # type: ignore[attr-defined]
        with pytest.raises(ZeroDivisionError), block:
            die_giving(self.cast.chen, points, self.key("die"), by=TESTER)

    @invariant()
    def the_ledger_is_the_model(self) -> None:
        account = PointsAccount.objects.filter(member=self.cast.chen).first()
        found = (account.balance, account.pending, account.owed) if account else (0, 0, 0)
        assert found == (self.usable, self.pending, self.owed)
        assert min(found) >= 0
        assert accounts_unlike_ledger() == []

    @invariant()
    def an_occasion_is_written_once(self) -> None:
        keys = list(PointsEntry.objects.values_list("once", flat=True))
        assert len(keys) == len(set(keys))


@action
def give(member: Member, points: int, once: str, until: date, *, by: Actor) -> bool:
    return add_points(member, points, once=once, why="test", expires_on=until) is not None


@action
def take(member: Member, points: int, once: str, *, by: Actor) -> bool:
    return spend_points(member, points, once=once, why="test") is not None


@action
def hold(member: Member, points: int, once: str, *, by: Actor) -> None:
    write_entry(account_of(member), EntryKind.HOLD, Change(pending=points), once=once)


@action
def release(member: Member, points: int, once: str, until: date, *, by: Actor) -> None:
    account = account_of(member)
    change = released(points, owed=account.owed)
    write_entry(account, EntryKind.RELEASE, change, once=once, expires_on=until)


@action
def give_back(member: Member, points: int, once: str, *, by: Actor) -> None:
    account = account_of(member)
    change = taken_back(points, pending=account.pending, balance=account.balance)
    write_entry(account, EntryKind.REVERSE, change, once=once)


@action
def expire(member: Member, today: date, *, by: Actor) -> None:
    expire_points(account_of(member), today)


@action
def die_giving(member: Member, points: int, once: str, *, by: Actor) -> None:
    add_points(member, points, once=once, why="test")
    raise ZeroDivisionError


@pytest.fixture
def machine(cast: Cast) -> Any:
    return type("PointsOfToday", (Points,), {"cast": cast})


def test_no_history_makes_or_loses_a_point(machine: Any) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=HISTORIES, stateful_step_count=STEPS, deadline=None,
            derandomize=not FULL, database=None,
            suppress_health_check=list(HealthCheck),
            # Shortening a history takes minutes; the short ones here can be read as they are.
            phases=list(Phase) if FULL else [Phase.generate],
        ),
    )  # fmt: skip
