"""F-27: two who wait for each other: PostgreSQL ends one of them, and the action runs again.

Our own actions lock in one order; here some deliberately do not. `FAULT_TRIALS=full` runs 10
callers with 1 000 transfers each.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import partial
from threading import Barrier, Lock

import pytest

from kit.actions import action
from kit.actor import Actor
from members.identity.models import Member
from members.rewards.models import PointsAccount
from members.rewards.points import add_points, spend_points
from members.rewards.queries import accounts_unlike_ledger
from tests.cast import a_member, make_cast
from tests.members.builders import TESTER
from tests.races.together import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
FULL = os.environ.get("FAULT_TRIALS") == "full"
CALLERS, TRANSFERS = (10, 1000) if FULL else (6, 10)
GIVEN = 10_000


class Crossing:
    """Whoever comes through for the first time waits until the other holds her own lock."""

    def __init__(self) -> None:
        self.barrier = Barrier(2)
        self.lock = Lock()
        self.attempts: list[str] = []

    def between(self, name: str) -> None:
        with self.lock:
            self.attempts.append(name)
            is_first = self.attempts.count(name) == 1
        if is_first:
            self.barrier.wait(10)


@action
def give(member: Member, *, by: Actor) -> None:
    add_points(member, GIVEN, once="begin", why="test")


@action
def transfer(
    giver: Member,
    taker: Member,
    points: int,
    once: str,
    between: Callable[[], None] = lambda: None,
    *,
    by: Actor,
) -> None:
    """Locks the giver first: two such transfers in opposite directions wait for each other."""
    spend_points(giver, points, once=f"out:{once}", why="test")
    between()
    add_points(taker, points, once=f"in:{once}", why="test")


def people(count: int) -> list[Member]:
    cast = make_cast()
    made = [a_member(f"客{n}", owner=cast.lin, store=cast.guomao) for n in range(count)]
    for member in made:
        give(member, by=TESTER)
    return made


def test_who_is_ended_by_the_database_runs_again(transactional_db: None) -> None:
    one, other = people(2)
    crossing = Crossing()
    answers = all_at_once(
        [
            partial(
                transfer, one, other, 30, "a", partial(crossing.between, "a"), by=TESTER
            ),
            partial(
                transfer, other, one, 50, "b", partial(crossing.between, "b"), by=TESTER
            ),
        ]
    )  # fmt: skip
    assert answers == [None, None]
    # Who begins again may cross the other once more.
    assert len(crossing.attempts) >= 3, "nobody was ended: this proves nothing"
    balances = dict(PointsAccount.objects.values_list("member", "balance"))
    assert balances == {one.pk: GIVEN + 20, other.pk: GIVEN - 20}


def test_random_transfers_lose_nothing_and_fail_nobody(transactional_db: None) -> None:
    crowd = people(40 if FULL else 12)

    def transfers(caller: int) -> None:
        dice = random.Random(caller)  # noqa: S311 - the same transfers in every run
        for number in range(TRANSFERS):
            giver, taker = dice.sample(crowd, 2)
            transfer(giver, taker, dice.randint(1, 9), f"{caller}:{number}", by=TESTER)

    ends = all_at_once([partial(transfers, caller) for caller in range(CALLERS)])
    assert ends == [None] * CALLERS
    assert sum(PointsAccount.objects.values_list("balance", flat=True)) == GIVEN * len(crowd)
    assert accounts_unlike_ledger() == []
