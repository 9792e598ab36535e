"""What a plan promises: who gets which variant, who falls out and why, how many confirmations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from groups.pushes import errors
from groups.pushes.actions import launch_push, plan_push
from groups.pushes.models import Push, PushState, PushTask
from kit.actor import Actor
from kit.fields import shown_id
from members.consent.actions import decide, leave_membership
from members.consent.models import Purpose
from stores.figures.lifting import measure
from stores.figures.models_of_lift import Arm
from stores.org.access import actor_of
from tests.cast import Cast, a_member
from tests.groups.builders import (
    TESTER,
    a_friend,
    a_material,
    a_push,
    a_reachable_member,
)
from tests.members.builders import grant

TEXTS = {"": "新品到店。", "gold": "金卡会员先选。"}


@pytest.fixture(autouse=True)
def _no_quiet_hours(settings: object) -> None:
    settings.QUIET_HOURS = ""  # type: ignore[attr-defined]


def excluded(push: Push) -> dict[str, int]:
    return {line["reason"]: line["count"] for line in push.plan["excluded"]}


def test_everybody_is_counted_once_with_her_reason(cast: Cast) -> None:
    a_reachable_member(None, cast.lin, "普一")
    a_reachable_member(None, cast.lin, "金一", tier="gold")
    a_reachable_member(None, cast.zhou, "金二", tier="gold")
    # No decision, a refusal, a withdrawal, a leaver, no friend.
    a_friend(None, cast.chen, cast.lin, "wmChen")
    refuses = a_member("拒", owner=cast.lin, store=cast.guomao)
    decide(refuses.pk, {Purpose.DIRECT_MARKETING: False}, by=TESTER)
    withdraws = a_reachable_member(None, cast.lin, "撤")
    decide(withdraws.pk, {Purpose.DIRECT_MARKETING: False}, by=TESTER)
    leaves = a_reachable_member(None, cast.lin, "退")
    leave_membership(leaves.pk, by=TESTER)
    alone = a_member("独", owner=cast.lin, store=cast.guomao)
    grant(alone, Purpose.DIRECT_MARKETING)

    push = plan_push(a_push(cast.hq, a_material(cast.hq, TEXTS)).pk, by=actor_of(cast.hq))

    assert push.state == PushState.PLANNED
    assert (push.plan["recipients"], push.plan["confirmations"], push.plan["guides"]) == (3, 3, 2)
    assert {line["word"]: line["count"] for line in push.plan["variants"]} == {"金卡": 2, "通用": 1}
    found = excluded(push)
    assert found.pop("left", 0) <= 1
    assert found == {"no_consent": 1, "refused": 1, "withdrawn": 1, "no_friend": 1}
    assert push.plan["audience"] == push.plan["recipients"] + sum(
        line["count"] for line in push.plan["excluded"]
    )


def test_her_owner_writes_to_her_though_others_are_friends_too(cast: Cast) -> None:
    member = a_reachable_member(None, cast.lin, "金一")
    a_friend(None, member, cast.zhou, "wmSecond")
    push = a_push(cast.hq, a_material(cast.hq))
    plan_push(push.pk, by=TESTER)
    launch_push(push.pk, by=TESTER)
    task = PushTask.objects.get()
    assert (task.guide, task.members) == (cast.lin, [member.pk])


def test_another_companys_guide_needs_her_leave_to_share(cast: Cast) -> None:
    member = a_member("甲", owner=None, store=cast.guomao)
    grant(member, Purpose.DIRECT_MARKETING)
    a_friend(None, member, cast.ma, "wmFar")
    push = plan_push(a_push(cast.hq, a_material(cast.hq)).pk, by=TESTER)
    assert excluded(push)["other_entity"] == 1
    grant(member, Purpose.SHARE_ENTITY)
    push = plan_push(push.pk, by=TESTER)
    assert "other_entity" not in excluded(push)
    assert push.plan["recipients"] == 1


def test_a_tier_without_wording_falls_out(cast: Cast) -> None:
    a_reachable_member(None, cast.lin, "普一")
    a_reachable_member(None, cast.lin, "金一", tier="gold")
    push = plan_push(a_push(cast.hq, a_material(cast.hq, {"gold": "先选。"})).pk, by=TESTER)
    assert excluded(push)["no_variant"] == 1
    assert push.plan["recipients"] == 1


def test_a_holdout_is_kept_out_and_the_same_next_time(cast: Cast) -> None:
    for i in range(30):
        a_reachable_member(None, cast.lin, f"会{i}")
    push = a_push(cast.hq, a_material(cast.hq), holdout_percent=50)
    first = excluded(plan_push(push.pk, by=TESTER))["holdout"]
    assert 3 < first < 27
    assert excluded(plan_push(push.pk, by=TESTER))["holdout"] == first
    launch_push(push.pk, by=TESTER)
    task = PushTask.objects.get()
    assert task.size == 30 - first
    kept_out = set(
        Arm.objects.filter(kind="push", treated=False).values_list("member_no", flat=True)
    )
    assert len(kept_out) == first
    assert not kept_out & set(task.members)
    later = timezone.now() + timedelta(days=8)
    lift = measure("push", shown_id(push.public_id), days=7, now=later).lift
    assert (lift.treated.members, lift.held.members) == (30 - first, first)


def test_each_recipient_stands_in_exactly_one_task(cast: Cast) -> None:
    members = [
        a_reachable_member(None, guide, f"会{i}", tier=tier)
        for i, (guide, tier) in enumerate(
            [(cast.lin, "gold"), (cast.lin, "basic"), (cast.zhou, "silver"), (cast.ma, "gold")] * 3
        )
    ]
    a_friend(None, members[0], cast.zhou, "wmTwice")
    push = a_push(cast.hq, a_material(cast.hq, TEXTS))
    plan_push(push.pk, by=TESTER)
    launch_push(push.pk, by=TESTER)
    launch_push(push.pk, by=TESTER)
    held = [key for task in PushTask.objects.all() for key in task.members]
    assert sorted(held) == sorted(member.pk for member in members)
    for task in PushTask.objects.all():
        assert len(task.members) == len(task.recipients) == task.size
    push.refresh_from_db()
    assert push.plan["confirmations"] == PushTask.objects.count() == 4


def test_a_withdrawal_between_plan_and_launch_is_seen(cast: Cast) -> None:
    stays, goes = (a_reachable_member(None, cast.lin, name) for name in ("留", "走"))
    push = a_push(cast.hq, a_material(cast.hq))
    plan_push(push.pk, by=TESTER)
    decide(goes.pk, {Purpose.DIRECT_MARKETING: False}, by=TESTER)
    launch_push(push.pk, by=TESTER)
    assert PushTask.objects.get().members == [stays.pk]


def test_what_hq_sees_is_what_hq_plans(cast: Cast) -> None:
    a_reachable_member(None, cast.lin, "东")
    a_reachable_member(None, cast.ma, "西")
    cast.hq.is_superuser = False
    cast.hq.save()
    cast.hq.regions.add(cast.east)
    push = plan_push(a_push(cast.hq, a_material(cast.hq)).pk, by=actor_of(cast.hq))
    assert push.plan["recipients"] == 1


def test_refusals_say_what_is_missing(cast: Cast) -> None:
    material = a_material(cast.hq)
    push = a_push(cast.hq, material)
    with pytest.raises(errors.NotPlanned):
        launch_push(push.pk, by=TESTER)
    plan_push(push.pk, by=TESTER)
    with pytest.raises(errors.NobodyLeft):
        launch_push(push.pk, by=TESTER)
    material.valid_until = timezone.now() - timedelta(hours=1)
    material.save()
    with pytest.raises(errors.MaterialUnfit):
        plan_push(push.pk, by=TESTER)


def test_a_guide_cannot_plan_what_she_does_not_see(cast: Cast) -> None:
    a_reachable_member(None, cast.zhou, "周的")
    push = plan_push(a_push(cast.hq, a_material(cast.hq)).pk, by=_as_guide(cast))
    assert push.plan["recipients"] == 0


def _as_guide(cast: Cast) -> Actor:
    return actor_of(cast.lin.account)
