"""Points are the sum of their ledger, whatever anybody tries: the database itself keeps it so."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from kit.actions import action
from kit.actor import Actor
from members.rewards.errors import NotEnoughPoints
from members.rewards.models import PointsAccount, PointsEntry
from members.rewards.points import add_points, spend_points
from members.rewards.queries import accounts_unlike_ledger
from tests.cast import Cast
from tests.members.builders import TESTER


@action
def give(cast: Cast, points: int, once: str, *, by: Actor) -> bool:
    return add_points(cast.chen, points, once=once, why="test") is not None


@action
def take(cast: Cast, points: int, once: str, *, by: Actor) -> bool:
    return spend_points(cast.chen, points, once=once, why="test") is not None


def test_an_occasion_counts_once(cast: Cast) -> None:
    assert give(cast, 100, "a", by=TESTER)
    assert not give(cast, 100, "a", by=TESTER)
    assert take(cast, 30, "b", by=TESTER)
    assert not take(cast, 30, "b", by=TESTER)
    assert PointsAccount.objects.get().balance == 70
    assert accounts_unlike_ledger() == []


def test_more_than_she_has_is_refused(cast: Cast) -> None:
    give(cast, 10, "a", by=TESTER)
    with pytest.raises(NotEnoughPoints):
        take(cast, 11, "b", by=TESTER)
    assert PointsAccount.objects.get().balance == 10


def test_the_database_refuses_what_no_entry_says(cast: Cast) -> None:
    give(cast, 10, "a", by=TESTER)
    account = PointsAccount.objects.get()
    for change in ("balance = 1000", "pending = 1", "owed = 1"):
        with pytest.raises(IntegrityError, match="entries alone"), transaction.atomic():
            _sql(f"UPDATE members_pointsaccount SET {change}")  # noqa: S608
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        PointsEntry.objects.update(points=1000)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        PointsEntry.objects.all().delete()
    with pytest.raises(IntegrityError, match="no_negative_points"), transaction.atomic():
        PointsEntry.objects.create(account=account, kind="spend", points=-11, once="x", actor="x")
    account.refresh_from_db()
    assert (account.balance, account.pending, account.owed) == (10, 0, 0)


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
