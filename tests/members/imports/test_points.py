"""Points and years of birth that members bring with them, and what becomes of them by an undo."""

from __future__ import annotations

import pytest

from kit.actions import action
from kit.actor import Actor
from members.identity.models import Member, MemberState
from members.imports import actions
from members.imports.models import ImportFault, MemberImport
from members.imports.working import carry_on
from members.rewards.models_of_points import PointsAccount, PointsEntry
from members.rewards.points import add_points
from tests.cast import Cast
from tests.members.builders import TESTER
from tests.members.imports.test_story import HEAD, brought, taken

WITH = f"{HEAD},积分,生日"


@action
def earn(member: Member, points: int, *, by: Actor) -> None:
    add_points(member, points, once="visit", why="visit")


def undone(batch: MemberImport) -> dict[str, int]:
    actions.undo(batch.pk, by=TESTER)
    carry_on(batch.pk)
    batch.refresh_from_db()
    counts: dict[str, int] = batch.counts
    return counts


def of(phone: int) -> Member:
    return next(one for one in Member.objects.all() if one.phone == f"+86{phone}")


@pytest.fixture
def batch(cast: Cast) -> MemberImport:
    """Three come with something, one with nothing, one is too young; Chen has been here before."""
    rows = [
        '13900000001,王,金卡,S001,G001,"1,200",1990-05-01',
        "13900000002,李,,S001,,0,1988",
        "13900000003,赵,,S001,,300,",
        "13900000004,孙,,S001,,很多,不详",
        "13900000005,小周,,S001,,50,2013-02-01",
        "13800000001,陈,,S001,,900,1991",
    ]
    return brought(cast, rows, head=WITH)


def test_new_members_bring_them_and_old_ones_keep_theirs(cast: Cast, batch: MemberImport) -> None:
    assert batch.tried == {"new": 4, "known": 1, "faulty": 1}
    told = {(one.row, one.column): one.is_fatal for one in ImportFault.objects.all()}
    assert told == {(5, "期初积分"): False, (5, "出生年份"): False, (6, "出生年份"): True}
    taken(batch)
    held = {one.member.phone: one.balance for one in PointsAccount.objects.select_related("member")}
    assert held == {"+8613900000001": 1200, "+8613900000003": 300}
    assert (of(13900000001).birth_year, of(13900000002).birth_year) == (1990, 1988)
    entry = PointsEntry.objects.get(account__member=of(13900000001))
    assert (entry.kind, entry.once, entry.source) == ("earn", "opening", f"import:{batch.pk}")
    cast.chen.refresh_from_db()
    assert cast.chen.birth_year == 1991
    assert Member.objects.count() == 5


def test_undo_takes_points_back_by_an_entry(cast: Cast, batch: MemberImport) -> None:
    taken(batch)
    earn(of(13900000003), 5, by=TESTER)
    assert undone(batch)["stay"] == 1
    # Who earned since stays with all she has; the other's points are gone, and the ledger says so.
    assert PointsAccount.objects.get(member=of(13900000003)).balance == 305
    gone = PointsAccount.objects.exclude(member=of(13900000003)).get()
    assert (gone.balance, gone.member.state, gone.member.phone) == (0, MemberState.ERASED, None)
    assert gone.member.birth_year is None
    assert sorted(gone.entries.values_list("points", flat=True)) == [-1200, 1200]
    cast.chen.refresh_from_db()
    assert cast.chen.birth_year is None
    assert Member.objects.filter(state=MemberState.ACTIVE).count() == 2
