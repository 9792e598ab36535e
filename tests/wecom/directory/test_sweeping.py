"""The engine: portion by portion, one process at a time, on from where it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from kit.actor import Actor
from tests.cast import Cast, a_guide
from tests.races.together import all_at_once
from tests.sandbox import CHEN, Sandbox
from tests.wecom.directory import comparers
from wecom.directory import actions, queries, scheduling, sweeping
from wecom.directory.models import Difference, Staff, Sweep, SweepKind, SweepState
from wecom.directory.portions import FriendIds, FriendPairs, Rest
from wecom.directory.rules import INDIGESTIBLE, MOST_TROUBLES, RHYTHMS

TESTER = Actor.system("test")
COMPARERS: dict[str, tuple[str, ...]] = {}


@pytest.fixture
def watched(settings: Settings) -> list[tuple[str, object]]:
    """Contacts and departments are compared by a comparer that writes down what it gets."""
    COMPARERS.clear()
    COMPARERS["contacts"] = ("tests.wecom.directory.comparers.write_down",)
    settings.RECONCILERS = f"{__name__}.COMPARERS"
    comparers.seen.clear()
    return comparers.seen


def a_sweep(kind: str = "contacts", *, is_full: bool = True) -> Sweep:
    """Begun, by whoever knows already who is there."""
    Staff.objects.get_or_create(userid="linxiao", defaults={"read_at": timezone.now()})
    return actions.begin_sweep(kind, is_full=is_full, is_thorough=True, by=TESTER)


def now_due(sweep: Sweep) -> None:
    """The pause is over."""
    Sweep.objects.filter(pk=sweep.pk).update(next_at=timezone.now() - timedelta(seconds=1))


def test_lists_then_details_then_the_rest(
    wecom: Sandbox, cast: Cast, watched: list[tuple[str, object]]
) -> None:
    sweep = sweeping.sweep_through("contacts")
    kinds = [type(facts) for _, facts in watched]
    assert kinds == [FriendIds, FriendIds, FriendPairs, Rest, Rest]
    assert watched[0] == ("staff:linxiao", FriendIds("linxiao", (CHEN,)))
    assert [facts.after for _, facts in watched if isinstance(facts, Rest)] == ["", "second page"]
    assert (sweep.state, sweep.done, sweep.total) == (SweepState.DONE, 2, 2)
    assert (sweep.found, sweep.repaired, sweep.left) == (6, 3, 3)
    assert Difference.objects.filter(sweep=sweep, repaired_at=None).count() == 3
    assert sweep.ended_at is not None


def test_the_cursor_stays_until_the_portion_was_handled(
    wecom: Sandbox, cast: Cast, watched: list[tuple[str, object]]
) -> None:
    COMPARERS["contacts"] = ("tests.wecom.directory.comparers.stumble",)
    sweep = a_sweep()
    assert sweeping.carry_on(sweep.pk) is False
    sweep.refresh_from_db()
    assert (sweep.portions, sweep.troubles, sweep.found) == (0, 1, 0)
    assert "ValueError" in sweep.error
    assert sweep.next_at > timezone.now()
    assert sweeping.carry_on(sweep.pk) is False


def test_a_poisonous_subject_is_passed_over_and_named(
    wecom: Sandbox, cast: Cast, watched: list[tuple[str, object]]
) -> None:
    COMPARERS["contacts"] = ("tests.wecom.directory.comparers.stumble",)
    sweep = a_sweep()
    for _ in range(INDIGESTIBLE):
        now_due(sweep)
        sweeping.carry_on(sweep.pk)
    now_due(sweep)
    while sweeping.carry_on(sweep.pk) or _stumbled_on(sweep):
        now_due(sweep)
    sweep.refresh_from_db()
    assert sweep.state == SweepState.DONE
    named = Difference.objects.filter(what="无法处理，已跳过", subject=comparers.POISON)
    assert named.exists()
    assert "staff:zhouning" in [subject for subject, _ in watched]


def _stumbled_on(sweep: Sweep) -> bool:
    return Sweep.objects.filter(pk=sweep.pk, state=SweepState.RUNNING).exists()


def test_somebody_elses_portion_is_not_saved_twice(db: None) -> None:
    sweep = a_sweep()
    stale = Sweep.objects.get(pk=sweep.pk)

    def save(row: Sweep) -> bool:
        return actions.move_on(
            row, cursor={"at": {}}, done=1, total=1, repaired=[], left=[], by=TESTER
        )

    assert save(sweep) is True
    assert save(stale) is False
    assert Sweep.objects.get().done == 1


@pytest.mark.django_db(transaction=True)
def test_only_one_process_goes_on_with_a_sweep(
    wecom: Sandbox, watched: list[tuple[str, object]]
) -> None:
    sweep = a_sweep()

    def elsewhere() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [sweeping._LOCK_CLASS, sweep.pk])
        return True

    # The other connection ends with its thread, and its lock with the connection.
    held = all_at_once([lambda: elsewhere() and sweeping.carry_on(sweep.pk)])
    assert held == [True]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [sweeping._LOCK_CLASS, sweep.pk])
    assert all_at_once([lambda: sweeping.carry_on(sweep.pk)]) == [False]
    sweep.refresh_from_db()
    assert sweep.portions == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [sweeping._LOCK_CLASS, sweep.pk])


@pytest.mark.django_db(transaction=True)
def test_who_begins_in_the_same_moment_gets_the_same_sweep() -> None:
    begin: Callable[[], Sweep] = lambda: a_sweep("tags")  # noqa: E731
    begun = all_at_once([begin] * 6)
    assert {row.pk for row in begun if isinstance(row, Sweep)} == {Sweep.objects.get().pk}
    assert len(begun) == 6


def test_a_full_sweep_takes_the_place_of_a_delta_and_not_the_other_way(db: None) -> None:
    delta = a_sweep(is_full=False)
    full = a_sweep()
    assert a_sweep(is_full=False).pk == full.pk != delta.pk
    delta.refresh_from_db()
    assert delta.state == SweepState.CANCELLED


def test_hq_pauses_goes_on_and_cancels(
    wecom: Sandbox, cast: Cast, watched: list[tuple[str, object]]
) -> None:
    sweep = a_sweep()
    assert sweeping.carry_on(sweep.pk)
    assert actions.pause_sweep(sweep, by=TESTER)
    assert not sweeping.carry_on(sweep.pk)
    assert a_sweep().pk == sweep.pk
    assert actions.resume_sweep(sweep, by=TESTER)
    assert not actions.resume_sweep(sweep, by=TESTER)
    handled = len(watched)
    assert sweeping.carry_on(sweep.pk)
    assert len(watched) > handled
    assert actions.end_sweep(sweep, SweepState.CANCELLED, by=TESTER)
    assert not sweeping.carry_on(sweep.pk)
    assert a_sweep().pk != sweep.pk


def test_trouble_rests_with_advice_and_in_the_end_fails_and_is_gone_on_with(
    wecom: Sandbox, cast: Cast, watched: list[tuple[str, object]]
) -> None:
    wecom.fault("externalcontact/get_follow_user_list", errcode=60020, times=-1)
    sweep = a_sweep()
    for _ in range(MOST_TROUBLES):
        now_due(sweep)
        assert not sweeping.carry_on(sweep.pk)
    sweep.refresh_from_db()
    assert sweep.state == SweepState.FAILED
    assert "可信IP" in sweep.error
    here = timezone.localtime()
    Sweep.objects.filter(pk=sweep.pk).update(ended_at=here - timedelta(hours=1))
    wecom.reset()
    assert sweep.pk in scheduling.begin_due(here)
    sweep.refresh_from_db()
    assert (sweep.state, sweep.troubles) == (SweepState.RUNNING, 0)


def test_what_failed_is_over_once_another_was_done(db: None) -> None:
    here = timezone.localtime()
    first = a_sweep("tags")
    actions.end_sweep(first, SweepState.FAILED, by=TESTER)
    Sweep.objects.update(ended_at=here - timedelta(hours=1))
    assert queries.failed_since("tags", here - timedelta(days=1)) == first
    # HQ did not wait: it had everything compared by a sweep of its own.
    second = a_sweep("tags")
    actions.end_sweep(second, SweepState.DONE, by=TESTER)
    assert queries.failed_since("tags", here - timedelta(days=1)) is None
    assert first.pk not in scheduling.begin_due(here)


def test_a_limit_is_waited_out_and_is_no_trouble(
    wecom: Sandbox, cast: Cast, watched: list[tuple[str, object]]
) -> None:
    wecom.fault("externalcontact/get_follow_user_list", errcode=45009, times=1)
    sweep = a_sweep()
    assert not sweeping.carry_on(sweep.pk)
    sweep.refresh_from_db()
    assert (sweep.state, sweep.troubles) == (SweepState.RUNNING, 0)
    assert timedelta(seconds=5) < sweep.next_at - timezone.now() <= timedelta(seconds=3700)


def test_the_clock_begins_every_kind_once_and_then_waits(db: None) -> None:
    here = timezone.localtime()
    assert len(scheduling.begin_due(here)) == len(RHYTHMS)
    for sweep in Sweep.objects.all():
        actions.end_sweep(sweep, SweepState.DONE, by=TESTER)
    assert scheduling.begin_due(here) == []


def test_old_sweeps_are_forgotten_with_their_differences(db: None) -> None:
    sweep = a_sweep()
    Difference.objects.create(sweep=sweep, subject="x", what="y")
    actions.end_sweep(sweep, SweepState.DONE, by=TESTER)
    assert actions.forget_old_sweeps(by=TESTER) == 0
    Sweep.objects.update(ended_at=timezone.now() - timedelta(days=91))
    actions.forget_old_sweeps(by=TESTER)
    assert not Difference.objects.exists()


def test_a_hundred_guides_are_one_call_each_and_details_of_a_share(
    wecom: Sandbox, cast: Cast
) -> None:
    names = [f"many{n:03d}" for n in range(100)]
    for name in names:
        a_guide(name, cast.guomao, employee_no=name.upper(), wecom_userid=name)
    people = [f"wm{n:030d}" for n in range(100)]
    wecom.post(
        "seed",
        members=[{"userid": name, "name": name, "department": [2]} for name in names],
        customers=[{"external_userid": key, "name": key[-3:]} for key in people],
        friends=[
            {"userid": name, "external_userid": key}
            for name, key in zip(names, people, strict=True)
        ],
    )
    sweep = a_sweep()
    Sweep.objects.filter(pk=sweep.pk).update(cursor={})
    while sweeping.carry_on(sweep.pk):
        pass
    sweep.refresh_from_db()
    assert (sweep.state, sweep.found, sweep.repaired, sweep.done) == ("done", 101, 101, 102)
    made = {api: len(wecom.calls(api)) for api in ("externalcontact/list", BATCH, GET)}
    # A seventh of those who have friends in detail, give or take what chance does to such names.
    assert made["externalcontact/list"] == 102
    # Once, however many pages it took.
    assert len(wecom.calls("externalcontact/get_follow_user_list")) == 1
    assert 0 < made[BATCH] < 34
    assert made[GET] <= 101
    assert sweep.portions < 30


def test_contacts_wait_until_it_is_known_who_is_there(wecom: Sandbox, cast: Cast) -> None:
    sweep = actions.begin_sweep("contacts", by=TESTER)
    assert not sweeping.carry_on(sweep.pk)
    first = Sweep.objects.get(kind=SweepKind.STAFF)
    sweep.refresh_from_db()
    assert (sweep.state, sweep.portions, sweep.troubles) == (SweepState.RUNNING, 0, 0)
    assert "部门与成员" in sweep.error
    assert not wecom.calls("externalcontact/list")
    # Still under way: nothing but another look.
    now_due(sweep)
    assert not sweeping.carry_on(sweep.pk)
    while sweeping.carry_on(first.pk):
        pass
    now_due(sweep)
    while sweeping.carry_on(sweep.pk):
        pass
    sweep.refresh_from_db()
    assert (sweep.state, sweep.error) == (SweepState.DONE, "")


def test_contacts_wait_for_nobody_who_failed(wecom: Sandbox, cast: Cast) -> None:
    first = actions.begin_sweep("staff", by=TESTER)
    actions.end_sweep(first, SweepState.FAILED, by=TESTER)
    sweep = actions.begin_sweep("contacts", by=TESTER)
    assert sweeping.carry_on(sweep.pk)


BATCH, GET = "externalcontact/batch/get_by_user", "externalcontact/get"


def test_a_delta_reads_the_guides_whom_callbacks_named(wecom: Sandbox, cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO wecom_inboxmessage (app, digest, body, received_at, repeats, state, kind,"
            " attempts, error) VALUES ('main', '\\x01', %s, now(), 0, 'parked', '', 1, '')",
            [
                "<xml><Event><![CDATA[change_external_contact]]></Event>"
                "<UserID><![CDATA[LinXiao]]></UserID></xml>"
            ],
        )
    sweep = sweeping.sweep_through("contacts", is_full=False)
    assert (sweep.state, sweep.total, sweep.repaired) == (SweepState.DONE, 1, 1)
    asked = [call["query"]["userid"] for call in wecom.calls("externalcontact/list")]
    assert asked == ["linxiao"]
    later = timezone.now() + timedelta(days=2)
    assert queries.userids_with_news("change_external_contact", since=later) == set()


def test_one_guide_whom_wecom_refuses_does_not_hide_those_behind_her(
    wecom: Sandbox, cast: Cast, watched: list[tuple[str, object]]
) -> None:
    wecom.fault("externalcontact/list", errcode=987654, times=1)
    sweep = sweeping.sweep_through("contacts")
    assert sweep.state == SweepState.DONE
    assert "staff:zhouning" in [subject for subject, _ in watched]
    left = Difference.objects.filter(sweep=sweep, subject="staff:linxiao")
    assert [one.what for one in left] == ["企业微信拒绝读取，已跳过"]
