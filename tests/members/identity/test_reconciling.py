"""Friendships that no callback told of: found by the sweep, repaired once, news never undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from kit.actions import action
from kit.actor import Actor
from kit.events import DomainEvent, emit
from members.identity.actions import NewFriend, end_friendship, take_friend
from members.identity.models import Contact, Friendship, IdentityKind
from members.identity.reconciling import compare_friends
from members.identity.rules import Verdict, verdict_on
from stores.ledger.models import Touch, TouchKind
from tests.cast import Cast, an_identity
from tests.members.builders import TESTER, run_handlers
from tests.members.wechat import WechatWorld
from tests.sandbox import CHEN, WU, Sandbox
from wecom.directory.models import Difference, Staff, Sweep
from wecom.directory.portions import ContactSeen, FriendIds, Portion
from wecom.directory.sweeping import sweep_through
from wecom.gateway import gateway_of
from wecom.outbox.models import OutboxRow


@pytest.fixture
def wecom(sandbox_process: WechatWorld, settings: Settings, no_tokens: None) -> Iterator[Sandbox]:
    """This floor's sandbox with the usual world: Lin has Chen, we know of nobody yet."""
    settings.WECOM_API_BASE_URL = f"{sandbox_process.base}/sandbox/cgi-bin/"
    sandbox = Sandbox(sandbox_process.base)
    long_ago = int(timezone.now().timestamp()) - 7200
    chen = {"userid": "LinXiao", "external_userid": CHEN, "state": "poster_7"}
    sandbox.reset(friends=[{**chen, "created_at": long_ago}])
    # WeCom tells seconds; what a test does afterwards shall lie behind that, yet in the past.
    sandbox.post("clock", offset_seconds=-3600)
    yield sandbox
    sandbox.post("clock", offset_seconds=0)
    sandbox.close()


def friends() -> set[tuple[str | None, str]]:
    """Who is whose friend, as we hold it."""
    rows = Friendship.objects.filter(until=None)
    return set(rows.values_list("guide__wecom_userid", "contact__external_userid"))


def found(sweep: Sweep) -> list[tuple[str, str]]:
    rows = Difference.objects.filter(sweep=sweep).exclude(repaired_at=None).order_by("pk")
    return list(rows.values_list("subject", "what"))


def later(wecom: Sandbox, seconds: int = 5) -> None:
    """WeCom counts in seconds: what happens next happens in another one."""
    wecom.post("clock", advance_seconds=seconds)


def lin_has_chen(wecom: Sandbox) -> None:
    assert found(sweep_through("contacts"))


def test_a_lost_adding_is_taken_as_its_callback_would_have_been(wecom: Sandbox, cast: Cast) -> None:
    an_identity(cast.chen, IdentityKind.UNIONID, "oChen0000000000000000000001")
    sweep = sweep_through("contacts")
    run_handlers()
    assert friends() == {("linxiao", CHEN)}
    assert found(sweep) == [(f"contact:{CHEN}", "漏记的好友")]
    friendship = Friendship.objects.get()
    wecoms = gateway_of().contact(CHEN).followers[0]
    assert (friendship.since, friendship.state) == (wecoms.since, "poster_7")
    touch = Touch.objects.get(kind=TouchKind.FRIEND)
    assert (touch.at, touch.guide_no, touch.member_no) == (
        wecoms.since, cast.lin.pk, cast.chen.pk,
    )  # fmt: skip
    # A greeting belongs to the moment of adding: a sweep never sends one.
    assert not OutboxRow.objects.filter(kind="welcome").exists()


def test_comparing_again_changes_nothing(wecom: Sandbox, cast: Cast) -> None:
    sweep_through("contacts")
    again = sweep_through("contacts")
    assert (again.repaired, again.found, again.state) == (0, 0, "done")
    assert Touch.objects.filter(kind=TouchKind.FRIEND).count() == 1
    assert DomainEvent.objects.filter(kind="friend_added").count() == 1


def test_a_lost_deletion_by_the_guide_ends_the_friendship(wecom: Sandbox, cast: Cast) -> None:
    lin_has_chen(wecom)
    wecom.act("delete_customer", userid="LinXiao", customer=CHEN)
    sweep = sweep_through("contacts")
    assert friends() == set()
    assert found(sweep) == [(f"contact:{CHEN}", "已不是好友")]
    assert Friendship.objects.get().ended_by == "unknown"


def test_a_lost_change_of_guides_is_found_in_one_night(wecom: Sandbox, cast: Cast) -> None:
    lin_has_chen(wecom)
    later(wecom)
    wecom.act("delete_customer", userid="LinXiao", customer=CHEN)
    wecom.act("add_friend", userid="ZhouNing", customer=CHEN)
    sweep_through("contacts")
    assert friends() == {("zhouning", CHEN)}


def test_who_deleted_her_guide_stays_in_wecoms_list_and_is_no_difference(
    wecom: Sandbox, cast: Cast
) -> None:
    lin_has_chen(wecom)
    wecom.act("delete_guide", userid="LinXiao", customer=CHEN)
    end_friendship(CHEN, cast.lin.pk, ended_by="customer", by=TESTER)
    assert CHEN in gateway_of().contacts_of("linxiao")
    sweep = sweep_through("contacts")
    assert (friends(), sweep.found) == (set(), 0)


def test_who_deleted_her_guide_and_came_back_is_a_friend_again(wecom: Sandbox, cast: Cast) -> None:
    lin_has_chen(wecom)
    wecom.act("delete_guide", userid="LinXiao", customer=CHEN)
    end_friendship(CHEN, cast.lin.pk, ended_by="customer", by=TESTER)
    later(wecom)
    wecom.act("add_friend", userid="LinXiao", customer=CHEN)
    sweep = sweep_through("contacts")
    assert friends() == {("linxiao", CHEN)}
    assert found(sweep) == [(f"contact:{CHEN}", "重新加了好友")]


def test_who_comes_and_goes_while_we_hear_of_it_late_is_a_friend_in_the_end(
    wecom: Sandbox, cast: Cast
) -> None:
    lin_has_chen(wecom)
    # By our clock all of this was over long before we heard of the first of it.
    end_friendship(CHEN, cast.lin.pk, ended_by="guide", by=TESTER)
    for ended_by, act in (("customer", "delete_guide"), ("", "")):
        wecom.act("delete_customer", userid="LinXiao", customer=CHEN)
        later(wecom)
        wecom.act("add_friend", userid="LinXiao", customer=CHEN)
        later(wecom)
        sweep_through("contacts")
        assert friends() == {("linxiao", CHEN)}
        if ended_by:
            wecom.act(act, userid="LinXiao", customer=CHEN)
            end_friendship(CHEN, cast.lin.pk, ended_by=ended_by, by=TESTER)
    newest = Friendship.objects.get(until=None)
    assert newest.since == gateway_of().contact(CHEN).followers[0].since


def test_gone_and_back_between_two_sweeps_are_two_friendships(wecom: Sandbox, cast: Cast) -> None:
    lin_has_chen(wecom)
    later(wecom)
    wecom.act("delete_customer", userid="LinXiao", customer=CHEN)
    wecom.act("add_friend", userid="LinXiao", customer=CHEN, state="poster_8")
    sweep_through("contacts")
    first, second = Friendship.objects.order_by("pk")
    wecoms = gateway_of().contact(CHEN).followers[0].since
    assert (first.until, second.since, second.until) == (wecoms, wecoms, None)
    assert (second.state, Touch.objects.filter(kind=TouchKind.FRIEND).count()) == ("poster_8", 2)


def test_a_new_name_and_unionid_are_taken_over(wecom: Sandbox, cast: Cast) -> None:
    lin_has_chen(wecom)
    wecom.post("seed", customers=[{"external_userid": CHEN, "name": "静静", "unionid": "oNew"}])
    an_identity(cast.chen, IdentityKind.UNIONID, "oNew")
    sweep = sweep_through("contacts")
    contact = Contact.objects.get()
    assert (contact.name, contact.member) == ("静静", cast.chen)
    assert found(sweep) == [(f"contact:{CHEN}", "客户资料更新")]


def test_a_guide_of_nobody_is_left_out(wecom: Sandbox, cast: Cast) -> None:
    wecom.act("create_member", userid="stranger", name="新同事", department=[2])
    wecom.act("add_friend", userid="stranger", customer=WU)
    sweep_through("contacts")
    assert friends() == {("linxiao", CHEN)}


def test_friends_of_a_guide_whom_wecom_does_not_show_are_kept_and_reported(
    wecom: Sandbox, cast: Cast
) -> None:
    lin_has_chen(wecom)
    wecom.act("resign_member", userid="LinXiao")
    sweep_through("staff")
    sweep = sweep_through("contacts")
    assert friends() == {("linxiao", CHEN)}
    left = Difference.objects.get(sweep=sweep)
    assert (left.subject, left.detail, left.repaired_at) == ("staff:linxiao", "1 位好友", None)


def test_nobody_loses_friends_while_it_is_unknown_who_is_there(wecom: Sandbox, cast: Cast) -> None:
    lin_has_chen(wecom)
    wecom.act("resign_member", userid="LinXiao")
    # As if the mirror of members was never filled, nor could be.
    Staff.objects.all().delete()
    Sweep.objects.filter(kind="staff").update(state="failed")
    compare_friends(portion_of(ContactSeen(CHEN, None), timezone.now()))
    assert friends() == {("linxiao", CHEN)}


# ---------------------------------------------------------------- news during a sweep


def portion_of(facts: FriendIds | ContactSeen, asked_at: datetime) -> Portion:
    return Portion("contacts", "x", facts, asked_at, since=asked_at)


def test_a_friendship_begun_after_asking_is_not_ended_by_the_older_card(
    wecom: Sandbox, cast: Cast
) -> None:
    asked_at = timezone.now()
    card = gateway_of().contact(CHEN)
    older = ContactSeen(CHEN, card)
    wecom.act("add_friend", userid="zhouning", customer=CHEN)
    newer = gateway_of().contact(CHEN)
    for follower in newer.followers:
        guide = cast.lin if follower.userid == "linxiao" else cast.zhou
        take_friend(guide.pk, NewFriend(newer, follower.since), by=TESTER)
    outcome = compare_friends(portion_of(older, asked_at))
    assert friends() == {("linxiao", CHEN), ("zhouning", CHEN)}
    assert not outcome.repaired


def test_a_friendship_ended_after_asking_is_not_begun_by_the_older_card(
    wecom: Sandbox, cast: Cast
) -> None:
    lin_has_chen(wecom)
    asked_at = timezone.now()
    older = ContactSeen(CHEN, gateway_of().contact(CHEN))
    end_friendship(CHEN, cast.lin.pk, ended_by="guide", by=TESTER)
    compare_friends(portion_of(older, asked_at))
    assert friends() == set()


@action
def wecom_tells(kind: str, *, by: Actor) -> None:
    emit(f"wecom.change_external_contact.{kind}", subject=f"contact:{CHEN}")


def test_news_that_waits_for_its_handler_is_left_to_it(wecom: Sandbox, cast: Cast) -> None:
    asked_at = timezone.now()
    older = ContactSeen(CHEN, gateway_of().contact(CHEN))
    wecom_tells("del_external_contact", by=TESTER)
    compare_friends(portion_of(older, asked_at))
    assert friends() == set()
    compare_friends(portion_of(older, timezone.now() + timedelta(seconds=1)))
    assert friends() == {("linxiao", CHEN)}


def test_lists_only_raise_doubts(wecom: Sandbox, cast: Cast) -> None:
    lin_has_chen(wecom)
    outcome = compare_friends(portion_of(FriendIds("linxiao", (WU,)), timezone.now()))
    assert sorted(outcome.wants) == [f"linxiao {CHEN}", f"linxiao {WU}"]
    assert friends() == {("linxiao", CHEN)}
    many = tuple(f"wm{n:030d}" for n in range(250))
    outcome = compare_friends(portion_of(FriendIds("linxiao", many), timezone.now()))
    assert list(outcome.wants) == ["linxiao *", f"linxiao {CHEN}"]


# ---------------------------------------------------------------- the rule

DAY = timedelta(days=1)
NOW = datetime.fromtimestamp(1_760_000_000, tz=timezone.get_default_timezone())


@pytest.mark.parametrize(
    ("begun", "ended", "by", "wecoms", "verdict"),
    [
        (None, None, "", NOW - DAY, Verdict.MISSING),
        (NOW - DAY, None, "", NOW - DAY, Verdict.SAME),
        (NOW - DAY, None, "", NOW - 2 * DAY, Verdict.SAME),
        (NOW - 2 * DAY, None, "", NOW - DAY, Verdict.RENEWED),
        (NOW - 2 * DAY, NOW - DAY, "guide", NOW - 2 * DAY, Verdict.MISSING),
        (NOW - 2 * DAY, NOW - DAY, "customer", NOW - 2 * DAY, Verdict.LEAVE),
        (NOW - 2 * DAY, NOW - DAY, "customer", NOW - DAY / 2, Verdict.RENEWED),
        (NOW - 2 * DAY, NOW + DAY, "guide", NOW - DAY, Verdict.LEAVE),
    ],
)
def test_the_verdict_on_a_pair(
    begun: datetime | None, ended: datetime | None, by: str, wecoms: datetime, verdict: Verdict
) -> None:
    told = verdict_on(
        begun_at=begun, ended_at=ended, ended_by=by, wecoms_since=wecoms, asked_at=NOW
    )
    assert told is verdict
