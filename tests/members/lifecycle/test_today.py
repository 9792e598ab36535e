"""Today's list: who is on it and why, one tap, passed by twice, never again; owners by rule."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kit.fields import shown_id
from members.consent.models import ConsentEvent, ConsentState, Purpose
from members.consent.queries import may
from members.identity.models import Member
from members.lifecycle.errors import AlreadyDone, NothingToUndo
from members.lifecycle.models_of_today import Outcome, Play, TodayPick
from members.lifecycle.owners import (
    choose,
    preview_assignment,
    run_assignment,
    undo_assignment,
)
from members.lifecycle.picking import MOST, pick_for_today
from members.lifecycle.queries import members_of_play
from members.lifecycle.reckoning import reckon
from members.lifecycle.rules import is_kept_out
from members.rewards.models import Coupon, CouponKind
from stores.ledger.models import Ownership, Touch, TouchKind
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, grant
from tests.members.lifecycle.builders import a_shopper, sell, sign_profiling

pytestmark = pytest.mark.django_db


def picked(cast: Cast) -> dict[str, list[str]]:
    """Name → codes of reasons, of Lin's list."""
    found = TodayPick.objects.filter(guide=cast.lin).select_related("member")
    return {p.member.name or "": [r["code"] for r in p.reasons] for p in found}


def a_coupon(member: Member, days: int) -> None:
    kind, _ = CouponKind.objects.get_or_create(entity=member.entity, name="券", amount=100)
    Coupon.objects.create(
        kind=kind,
        member=member,
        number=f"N{member.pk}",
        once="test",
        expires_at=timezone.now() + timedelta(days=days),
    )


def test_each_on_the_list_has_a_reason_and_nobody_was_touched_this_week(cast: Cast) -> None:
    sign_profiling(cast.entity)
    a_shopper(cast, "将眠", 110, 150)
    a_shopper(cast, "二购", 30)
    a_shopper(cast, "刚好", 5, 10)
    touched = a_shopper(cast, "碰过", 110, 150)
    Touch.objects.create(
        member_no=touched.pk, kind=TouchKind.CALL, at=timezone.now() - timedelta(days=6)
    )
    silent = a_shopper(cast, "不许", 30)
    ConsentState.objects.filter(member=silent, purpose=Purpose.DIRECT_MARKETING).delete()
    # Without profiling a coupon is still a reason: it says nothing of how she lives.
    plain = a_member("券到", owner=cast.lin, store=cast.guomao)
    grant(plain, Purpose.DIRECT_MARKETING)
    a_coupon(plain, 3)
    reckon()
    pick_for_today(timezone.localdate())
    assert picked(cast) == {"将眠": ["dormant_soon"], "二购": ["second"], "券到": ["coupon"]}
    assert pick_for_today(timezone.localdate()) == 0


def test_no_more_than_fifteen(cast: Cast) -> None:
    for number in range(MOST + 3):
        member = a_member(f"客{number}", owner=cast.lin, store=cast.guomao)
        grant(member, Purpose.DIRECT_MARKETING)
        a_coupon(member, 3)
    pick_for_today(timezone.localdate())
    assert TodayPick.objects.filter(guide=cast.lin).count() == MOST


@pytest.fixture
def pick(cast: Cast) -> TodayPick:
    """Chen on Lin's list."""
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    return TodayPick.objects.create(
        guide=cast.lin,
        member=cast.chen,
        on=timezone.localdate(),
        rank=1,
        reasons=[{"code": "coupon", "text": "有一张券 3 天后到期"}],
    )


def tap(client: Client, pick: TodayPick, outcome: str) -> int:
    address = reverse("tablet-greet-outcome", args=[shown_id(pick.public_id)])
    return client.post(address, {"outcome": outcome}).status_code


def test_one_tap_writes_a_touch_once(cast: Cast, client: Client, pick: TodayPick) -> None:
    client.force_login(cast.lin.account)
    assert "有一张券 3 天后到期" in client.get(reverse("tablet-greet")).content.decode()
    assert [tap(client, pick, "reached") for _ in range(2)] == [302, 302]
    assert Touch.objects.filter(member_no=cast.chen.pk, kind=TouchKind.CALL).count() == 1
    assert tap(client, pick, "missed") == 302
    pick.refresh_from_db()
    assert (pick.outcome, pick.decided_by_id) == (Outcome.MISSED, cast.lin.pk)


def test_never_again_is_one_tap_and_holds(cast: Cast, client: Client, pick: TodayPick) -> None:
    client.force_login(cast.lin.account)
    assert tap(client, pick, "never") == 302
    verdict = may(
        cast.chen, Purpose.DIRECT_MARKETING, "wecom", at=timezone.now(), entity=cast.entity
    )
    assert (verdict.allowed, verdict.reason) == (False, "withdrawn")
    written = ConsentEvent.objects.filter(member=cast.chen).latest("pk")
    assert (written.method, written.guide_id) == ("guide", cast.lin.pk)
    assert tap(client, pick, "reached") == 302
    pick.refresh_from_db()
    assert pick.outcome == Outcome.NEVER


def test_anothers_card_does_not_exist(cast: Cast, client: Client, pick: TodayPick) -> None:
    for guide in (cast.zhou, cast.ma):
        client.force_login(guide.account)
        assert tap(client, pick, "reached") == 404
    client.force_login(cast.lin.account)
    assert tap(client, pick, "sold") == 302
    pick.refresh_from_db()
    assert pick.outcome == ""


def test_passed_by_twice_is_the_managers(cast: Cast, client: Client) -> None:
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    a_coupon(cast.chen, 7)
    today = timezone.localdate()
    for back in (2, 1, 0):
        pick_for_today(today - timedelta(days=back))
    newest = TodayPick.objects.get(on=today)
    assert (newest.ignored, newest.for_manager) == (2, True)
    client.force_login(cast.lin.account)
    assert "今天没有要主动联系的人" in client.get(reverse("tablet-greet")).content.decode()
    client.force_login(cast.manager.account)
    assert "两次没人联系" in client.get(reverse("tablet-greet")).content.decode()
    assert tap(client, newest, "reached") == 302


def test_queries_do_not_grow_with_the_list(
    cast: Cast, client: Client, django_assert_max_num_queries: object
) -> None:
    client.force_login(cast.lin.account)
    for number in range(MOST):
        member = a_member(f"客{number}", owner=cast.lin, store=cast.guomao)
        TodayPick.objects.create(guide=cast.lin, member=member, on=timezone.localdate(), rank=1)
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        client.get(reverse("tablet-greet"))


def test_a_holdout_is_always_the_same_people(cast: Cast) -> None:
    sign_profiling(cast.entity)
    for number in range(6):
        a_shopper(cast, f"客{number}", 3)
    reckon()
    play = Play.objects.create(kind="welcome", name="欢迎", stages=["new"], holdout_percent=50)
    first = members_of_play(play, timezone.localdate())
    assert first == members_of_play(play, timezone.localdate())
    assert len(first[0]) + len(first[1]) == 6
    kept = sum(is_kept_out("play", number, 10) for number in range(20_000))
    assert 1_850 < kept < 2_150


def test_owners_are_given_by_rule_and_taken_back(cast: Cast) -> None:
    alone = a_member("无主", owner=None, store=cast.guomao)
    served = a_member("服务过", owner=None, store=cast.guomao)
    sell("S1", served, timezone.now() - timedelta(days=3), 100, served_by=cast.zhou)
    plan = preview_assignment({"ways": ["last_served", "least_loaded"]}, by=TESTER)
    assert (plan.found, plan.placed) == (2, 2)
    assert Member.objects.get(pk=alone.pk).owner_id is None
    taken = a_member("抢先", owner=None, store=cast.guomao)
    assert run_assignment(plan.pk, by=TESTER) == 2
    assert Member.objects.get(pk=served.pk).owner_id == cast.zhou.pk
    assert Member.objects.get(pk=taken.pk).owner_id is None
    with pytest.raises(AlreadyDone):
        run_assignment(plan.pk, by=TESTER)
    assert undo_assignment(plan.pk, by=TESTER) == 2
    assert not Ownership.objects.filter(member_no=alone.pk, until=None).exists()
    with pytest.raises(NothingToUndo):
        undo_assignment(plan.pk, by=TESTER)


def test_the_load_counts_what_is_given_on_the_way() -> None:
    guides = [(1, 7, 1, 0), (2, 7, 1, 1)]
    unowned = [(number, 7, None) for number in range(10, 15)]
    given = [guide for _, guide, _ in choose(unowned, guides, ["least_loaded"], 3)]
    assert given == [1, 1, 2, 1, 2]
