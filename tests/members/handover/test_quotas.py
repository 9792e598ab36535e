"""WeCom's quotas: hundreds, ninety days, nobody twice at once; and how many queries it takes."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from members.handover.actions import note_answer, note_refusal, plan_transfers
from members.handover.models import CustomerTransfer, TransferState
from members.handover.parts import customers
from stores.org.handing_over import begin_hand_over, decide_hand_over
from stores.org.models import Guide, HandOver, HandOverReason
from tests.cast import Cast, a_guide
from tests.members.builders import TESTER
from tests.members.handover.builders import a_friend, a_hand_over, many_friends, states_of
from wecom.outbox.models import OutboxRow


def begun(handover: HandOver) -> HandOver:
    """Decided, and known to be no account that is gone; nothing written down yet."""
    decide_hand_over(handover.pk, version=handover.version, by=TESTER)
    begin_hand_over(handover.pk, has_resigned=False, by=TESTER)
    handover.refresh_from_db()
    return handover


def calls() -> list[OutboxRow]:
    return list(OutboxRow.objects.filter(kind="customer_transfer").order_by("pk"))


def test_a_hundred_to_a_call_and_each_in_one(cast: Cast) -> None:
    many_friends(cast.lin, 230)
    handover = begun(a_hand_over(cast.lin, cast.zhou))
    # And Chen, who is no friend.
    assert plan_transfers(handover.pk, by=TESTER) == 231
    asked = [one for row in calls() for one in row.payload["external_userids"]]
    assert [len(row.payload["external_userids"]) for row in calls()] == [100, 100, 30]
    assert len(set(asked)) == len(asked) == 230
    assert {row.payload["message"] for row in calls()} == {
        "您好，林晓已离开国贸店，接下来由周宁为您服务。"
    }


def test_as_many_queries_for_two_as_for_two_hundred(cast: Cast) -> None:
    def queries(guide: Guide, size: int) -> int:
        many_friends(guide, size, since=guide.pk * 1000)
        handover = begun(a_hand_over(guide, cast.zhou))
        with CaptureQueriesContext(
            connection,
        ) as caught:
            plan_transfers(handover.pk, by=TESTER)
        return len(caught)

    wu = a_guide("吴越", cast.guomao, employee_no="G009")
    few, many = queries(cast.lin, 2), queries(wu, 99)
    assert few == many


def test_the_preview_counts_in_as_many_queries(cast: Cast) -> None:
    def queries(size: int, since: int) -> int:
        many_friends(cast.lin, size, since=since)
        handover = HandOver.objects.prefetch_related("shares__successor__store").get(pk=key)
        with CaptureQueriesContext(connection) as caught:
            part = customers(TESTER, handover)
        assert part.total >= size
        return len(caught)

    key = a_hand_over(cast.lin, cast.zhou).pk
    assert queries(1, 1) == queries(60, 100) <= 8


def test_twice_within_ninety_days_is_not_tried(cast: Cast) -> None:
    contact = a_friend(cast.lin, 1, member=cast.chen)
    old = a_hand_over(cast.zhou, cast.lin)
    HandOver.objects.filter(pk=old.pk).update(has_resigned=False)
    for days in (10, 60):
        CustomerTransfer.objects.create(
            hand_over=old,
            store=cast.guomao,
            contact=contact,
            from_guide=cast.zhou,
            to_guide=cast.lin,
            state=TransferState.DONE,
            settled="another" if days == 10 else "",
            ended_at=timezone.now() - timedelta(days=days),
        )
    handover = begun(a_hand_over(cast.lin, cast.zhou))
    part = customers(TESTER, handover)
    plan_transfers(handover.pk, by=TESTER)
    assert calls() == []
    row = CustomerTransfer.objects.get(hand_over=handover)
    assert (row.state, row.because) == ("kept", "limit")
    # It waits for a person's word: she has nobody who serves her.
    assert customers(TESTER, handover).undecided == 1
    assert part.total == 0


def test_a_customer_passes_on_once_at_a_time(cast: Cast) -> None:
    a_friend(cast.lin, 1, member=cast.chen)
    first = begun(a_hand_over(cast.lin, cast.zhou))
    plan_transfers(first.pk, by=TESTER)
    HandOver.objects.filter(pk=first.pk).update(state="stopped")
    second = begun(a_hand_over(cast.lin, cast.manager))
    plan_transfers(second.pk, by=TESTER)
    assert states_of(second) == {"kept": 1}
    assert CustomerTransfer.objects.get(hand_over=second).because == "under_way"
    assert len(calls()) == 1


def test_who_left_more_than_a_year_ago_passes_on_here_only(cast: Cast) -> None:
    a_friend(cast.lin, 1, member=cast.chen)
    Guide.objects.filter(pk=cast.lin.pk).update(left_on=timezone.localdate() - timedelta(days=400))
    handover = begun(a_hand_over(cast.lin, cast.zhou))
    plan_transfers(handover.pk, by=TESTER)
    assert calls() == []
    row = CustomerTransfer.objects.get(hand_over=handover)
    assert (row.state, row.because, row.to_guide) == ("planned", "gone", cast.zhou)


def test_each_row_has_wecoms_own_word(cast: Cast) -> None:
    many_friends(cast.lin, 5, since=1)
    handover = begun(a_hand_over(cast.lin, cast.zhou))
    plan_transfers(handover.pk, by=TESTER)
    once = calls()[0].once
    said = (0, 40099, 40128, 40131, 40129)
    codes = {f"wm{number:030d}": code for number, code in enumerate(said, 1)}
    assert note_answer(once, codes, by=TESTER) == 5
    assert states_of(handover) == {
        "waiting": 2,
        "full": 1,
        "kept": 1,
        "failed": 1,
        # Chen, who is no friend.
        "planned": 1,
    }
    assert note_answer(once, codes, by=TESTER) == 0
    assert customers(TESTER, handover).undecided == 3


def test_a_refused_call_leaves_nobody_in_the_dark(cast: Cast) -> None:
    many_friends(cast.lin, 2)
    handover = begun(a_hand_over(cast.lin, cast.zhou))
    plan_transfers(handover.pk, by=TESTER)
    assert note_refusal(calls()[0].once, error="应用没有调用权限", code=48002, by=TESTER) == 2
    rows = CustomerTransfer.objects.filter(hand_over=handover).exclude(contact=None)
    assert {(row.state, row.code, row.error) for row in rows} == {
        ("failed", 48002, "应用没有调用权限")
    }


def test_of_somebody_who_moves_the_stores_members_stay(cast: Cast) -> None:
    a_friend(cast.lin, 1, member=cast.chen)
    a_friend(cast.lin, 2)
    Guide.objects.filter(pk=cast.lin.pk).update(store=cast.wangjing)
    handover = begun(
        a_hand_over(cast.lin, cast.zhou, reason=HandOverReason.MOVED, store=cast.guomao.pk)
    )
    plan_transfers(handover.pk, by=TESTER)
    rows = {row.member_id: row for row in CustomerTransfer.objects.filter(hand_over=handover)}
    assert (rows[cast.chen.pk].state, rows[cast.chen.pk].to_guide) == ("asked", cast.zhou)
    assert (rows[None].state, rows[None].because) == ("kept", "along")
