"""Departments and members are mirrored; who stands on one side only is shown, never made."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from kit.events import DomainEvent
from stores.org.models import Guide
from tests.cast import Cast
from tests.members.builders import run_handlers
from tests.sandbox import MAIN_AGENT, Sandbox
from wecom.directory import mirror
from wecom.directory.models import Department, Difference, Staff, Sweep, SweepState
from wecom.directory.portions import Portion, StaffOf
from wecom.directory.reconciling import US, mirror_staff
from wecom.directory.sweeping import sweep_through
from wecom.gateway import StaffCard, gateway_of


def told(kind: str) -> list[str]:
    found = DomainEvent.objects.filter(kind=kind).order_by("pk")
    return [event.payload["userid"] for event in found]


def differences(sweep: Sweep) -> set[tuple[str, str, bool]]:
    return {
        (row.subject, row.what, row.repaired_at is not None)
        for row in Difference.objects.filter(sweep=sweep)
    }


def test_departments_and_members_are_mirrored(wecom: Sandbox, cast: Cast) -> None:
    sweep = sweep_through("staff")
    assert (sweep.state, sweep.error) == (SweepState.DONE, "")
    assert (sweep.done, sweep.total) >= (2, 2)
    found = Department.objects.values_list("department_id", "name", "parent_id")
    assert set(found) == {(1, "总部", 0), (2, "国贸店", 1)}
    lin = Staff.objects.get(userid="linxiao")
    assert (lin.name, lin.department_ids, lin.state) == ("林晓", [2], "active")
    assert lin.serves_contacts


def test_a_second_sweep_finds_nothing_to_repair(wecom: Sandbox, cast: Cast) -> None:
    sweep_through("staff")
    second = sweep_through("staff")
    assert (second.state, second.repaired) == (SweepState.DONE, 0)


def test_comings_moves_and_leavings_without_callbacks_are_found(wecom: Sandbox, cast: Cast) -> None:
    sweep_through("staff")
    wecom.act("create_department", id=3, name="三里屯店", parentid=1)
    wecom.act("edit_member", userid="LinXiao", department=[3], position="店长")
    wecom.act("create_member", userid="XiaoWu", name="小吴", department=[2])
    wecom.act("resign_member", userid="zhouning")
    sweep = sweep_through("staff")
    assert differences(sweep) >= {
        ("department:3", "新增部门", True),
        ("staff:linxiao", "成员变更", True),
        ("staff:xiaowu", "新成员", True),
        ("staff:zhouning", "成员已离开或不在可见范围", True),
    }
    assert told("staff_gone") == ["zhouning"]
    assert Staff.objects.get(userid="linxiao").position == "店长"
    assert set(Staff.objects.present().values_list("userid", flat=True)) == {"linxiao", "xiaowu"}


def test_guides_and_members_without_each_other_are_shown_and_not_made(
    wecom: Sandbox, cast: Cast
) -> None:
    wecom.act("create_member", userid="stranger", name="新同事", department=[2])
    before = Guide.objects.count()
    sweep = sweep_through("staff")
    assert differences(sweep) >= {
        ("staff:machi", "导购没有对应的企微成员", False),
        ("staff:stranger", "企微成员没有导购账号", False),
    }
    assert sweep.left >= 2
    assert Guide.objects.count() == before
    assert ("staff:linxiao", "企微成员没有导购账号", False) not in differences(sweep)


def test_a_narrowed_range_does_not_make_everybody_leave(wecom: Sandbox, cast: Cast) -> None:
    wecom.post(
        "seed",
        departments=[{"id": 7, "name": "远店", "parentid": 1}],
        members=[{"userid": f"far{n:02d}", "name": f"远{n}", "department": [7]} for n in range(20)],
    )
    sweep_through("staff")
    wecom.act("set_range", agent_id=MAIN_AGENT, departments=[2])
    sweep = sweep_through("staff")
    assert Staff.objects.present().count() == 22
    assert told("staff_gone") == []
    assert ("staff:*", "请确认应用可见范围", False) in differences(sweep)


def test_the_hourly_delta_looks_at_those_who_serve_since_or_no_more(
    wecom: Sandbox, cast: Cast
) -> None:
    sweep_through("staff")
    wecom.act("create_member", userid="newcomer", name="新人", department=[2])
    wecom.act("resign_member", userid="zhouning")
    calls = len(wecom.calls("user/list"))
    sweep = sweep_through("staff", is_full=False)
    assert sweep.state == SweepState.DONE
    assert told("staff_gone") == ["zhouning"]
    assert Staff.objects.present().filter(userid="newcomer").exists()
    assert len(wecom.calls("user/list")) == calls


def test_an_answer_asked_for_earlier_is_not_laid_over_a_later(db: None) -> None:
    now = timezone.now()
    new = StaffCard("linxiao", "林晓", (3,), 3, "店长", "active")
    old = StaffCard("linxiao", "林晓", (2,), 2, "导购", "active")
    mirror.take_staff([new], asked_at=now, by=US)
    assert mirror.take_staff([old], asked_at=now - timedelta(seconds=1), by=US) == []
    assert mirror.lose_staff(["linxiao"], asked_at=now - timedelta(seconds=1), by=US) == []
    row = Staff.objects.get()
    assert (row.department_ids, row.gone_at) == ([3], None)


@pytest.mark.parametrize("times", [1, 2])
def test_leaving_is_told_once(db: None, times: int) -> None:
    card = StaffCard("linxiao", "林晓", (2,), 2, "", "active")
    mirror.take_staff([card], asked_at=timezone.now(), by=US)
    for _ in range(times):
        mirror.lose_staff(["linxiao"], asked_at=timezone.now(), by=US)
    assert told("staff_gone") == ["linxiao"]


def test_what_wecom_shows_is_what_the_gateway_reads(wecom: Sandbox, cast: Cast) -> None:
    sweep_through("staff")
    for row in Staff.objects.present():
        assert gateway_of().staff(row.userid).name == row.name


@pytest.mark.parametrize("met_first", [False, True])
def test_a_guide_whose_id_changed_is_the_same_guide(
    wecom: Sandbox, cast: Cast, met_first: bool
) -> None:
    sweep_through("staff")
    wecom.act("edit_member", userid="LinXiao", new_userid="LinXiao2")
    if met_first:
        mirror.take_staff([gateway_of().staff("linxiao2")], asked_at=timezone.now(), by=US)
    for _ in range(2):
        mirror.rename_staff("linxiao", "linxiao2", by=US)
        run_handlers()
    assert Guide.objects.get(pk=cast.lin.pk).wecom_userid == "linxiao2"
    assert list(Staff.objects.present().order_by("userid").values_list("userid", flat=True)) == [
        "linxiao2",
        "zhouning",
    ]
    assert told("staff_gone") == []


def test_a_member_whom_a_list_still_names_as_left_is_gone(wecom: Sandbox, cast: Cast) -> None:
    sweep_through("staff")
    card = replace(gateway_of().staff("linxiao"), state="left")
    seen = Portion("staff", "staff:linxiao", StaffOf((card,)), timezone.now(), timezone.now())
    mirror_staff(seen)
    assert told("staff_gone") == ["linxiao"]
