"""Who is on duty when: presets by the store's hours, planning by tap, last week again, a file."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from kit.actor import Actor
from stores.org.access import actor_of_guide
from stores.org.duty import NotYours, copy_week, import_duty, on_duty, plan_day, week_of
from stores.org.models import HandOver, HandOverReason, HandOverState
from stores.org.models_of_duty import Shift
from stores.org.rules_of_duty import duty_times, monday_of, next_kind, read_duty_rows, whose_turn
from tests.cast import Cast

US = Actor.system("test")
SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 23)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=SHANGHAI)


def clock(day: int, hour: int, minute: int = 0) -> datetime:
    """By the clock on the store's wall."""
    return datetime.combine(date(2026, 11, day), time(hour, minute))


def test_shifts_follow_the_stores_hours_and_meet_in_the_middle() -> None:
    day = date(2026, 11, 23)
    assert duty_times(day, "early", time(10), time(22)) == (
        clock(23, 10), clock(23, 16, 30),
    )  # fmt: skip
    assert duty_times(day, "late", time(10), time(22)) == (
        clock(23, 15, 30), clock(23, 22),
    )  # fmt: skip
    # A night shop closes on the next morning.
    assert duty_times(day, "full", time(18), time(2)) == (
        clock(23, 18), clock(24, 2),
    )  # fmt: skip
    assert duty_times(day, "off", None, None) is None


def test_taps_go_round() -> None:
    kinds = ["off"]
    for _ in range(4):
        kinds.append(next_kind(kinds[-1]))
    assert kinds == ["off", "early", "late", "full", "off"]
    assert next_kind("own") == "off"


def test_the_turn_goes_to_who_had_least_and_waits_longest() -> None:
    now = timezone.now()
    assert whose_turn([], {}, {}) is None
    assert whose_turn([3, 1], {3: 1, 1: 2}, {}) == 3
    assert whose_turn([1, 2], {1: 1, 2: 1}, {1: now, 2: now - timedelta(hours=1)}) == 2


def test_a_planned_day_is_duty_until_its_last_moment(cast: Cast) -> None:
    plan_day(cast.lin.pk, store_id=cast.guomao.pk, day=MONDAY, kind="early", by=US)
    assert on_duty(cast.guomao.pk, at(MONDAY, 10)) == [cast.lin]
    assert on_duty(cast.guomao.pk, at(MONDAY, 9, 59)) == []
    assert on_duty(cast.guomao.pk, at(MONDAY, 16, 30)) == []
    plan_day(cast.lin.pk, store_id=cast.guomao.pk, day=MONDAY, kind="off", by=US)
    assert not Shift.objects.exists()


def test_who_is_on_leave_or_has_left_is_not_on_duty(cast: Cast) -> None:
    now = timezone.now()
    for guide in (cast.lin, cast.zhou):
        Shift.objects.create(
            guide=guide, store=cast.guomao, begins_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=1),
        )  # fmt: skip
    HandOver.objects.create(
        guide=cast.lin, store=cast.guomao, reason=HandOverReason.LEAVE,
        state=HandOverState.DECIDED, decided_at=now, starts_at=now - timedelta(days=1),
    )  # fmt: skip
    assert on_duty(cast.guomao.pk, now) == [cast.zhou]
    cast.zhou.left_on = MONDAY
    cast.zhou.save()
    assert on_duty(cast.guomao.pk, now) == []


def test_the_database_lets_nobody_be_on_duty_twice(cast: Cast) -> None:
    plan_day(cast.lin.pk, store_id=cast.guomao.pk, day=MONDAY, kind="full", by=US)
    with pytest.raises(IntegrityError, match="one_shift_of_a_guide"), transaction.atomic():
        Shift.objects.create(
            guide=cast.lin, store=cast.guomao, begins_at=at(MONDAY, 21), ends_at=at(MONDAY, 23)
        )


def test_a_manager_plans_for_her_own_store_only(cast: Cast) -> None:
    manager = actor_of_guide(cast.manager)
    plan_day(cast.lin.pk, store_id=cast.guomao.pk, day=MONDAY, kind="full", by=manager)
    for guide, store in ((cast.ma, cast.wangjing), (cast.ma, cast.guomao)):
        with pytest.raises(NotYours):
            plan_day(guide.pk, store_id=store.pk, day=MONDAY, kind="full", by=manager)
    with pytest.raises(NotYours):
        plan_day(
            cast.lin.pk, store_id=cast.guomao.pk, day=MONDAY, kind="full",
            by=actor_of_guide(cast.lin),
        )  # fmt: skip
    assert Shift.objects.count() == 1


def test_last_week_is_copied_once_and_never_over_what_is_planned(cast: Cast) -> None:
    for number, kind in enumerate(("early", "late", "full")):
        day = MONDAY + timedelta(days=number)
        plan_day(cast.lin.pk, store_id=cast.guomao.pk, day=day, kind=kind, by=US)
    plan_day(cast.zhou.pk, store_id=cast.guomao.pk, day=MONDAY, kind="full", by=US)
    coming = MONDAY + timedelta(days=7)
    plan_day(cast.lin.pk, store_id=cast.guomao.pk, day=coming, kind="late", by=US)
    cast.zhou.left_on = MONDAY
    cast.zhou.save()
    assert copy_week(cast.guomao.pk, monday=coming, by=US) == 2
    assert copy_week(cast.guomao.pk, monday=coming, by=US) == 0
    week = week_of(cast.guomao, coming)
    (cells,) = [cells for guide, cells in week.rows if guide == cast.lin]
    assert [cell.kind for cell in cells] == ["late", "late", "full", "off", "off", "off", "off"]
    assert week.counts == [1, 1, 1, 0, 0, 0, 0]


def test_a_file_is_taken_whole_or_not_at_all(cast: Cast) -> None:
    good = {"工号": "G001", "日期": "2026-11-23", "上班": "10:00", "下班": "16:00"}
    rows = [good, {**good, "工号": "G404"}, {**good, "上班": "15:00"}, {**good, "日期": "明天"}]
    faults = import_duty(rows, by=US)
    assert [fault.row for fault in faults] == [3, 4, 5]
    assert not Shift.objects.exists()
    assert import_duty([good], by=US) == []
    assert import_duty([good], by=US) == []
    (shift,) = Shift.objects.all()
    assert (shift.begins_at, shift.ends_at) == (at(MONDAY, 10), at(MONDAY, 16))


def test_a_file_of_another_stores_people_is_refused(cast: Cast) -> None:
    row = {"工号": "G003", "日期": "2026/11/23", "上班": "22:00", "下班": "02:00"}
    assert [fault.row for fault in import_duty([row], by=actor_of_guide(cast.manager))] == [2]
    assert import_duty([row], by=US) == []
    assert Shift.objects.get().ends_at == at(date(2026, 11, 24), 2)


def test_empty_rows_of_a_spreadsheet_are_passed_over() -> None:
    assert read_duty_rows([{"工号": "", "日期": None}]) == ([], [])
    assert monday_of(date(2026, 11, 29)) == MONDAY
