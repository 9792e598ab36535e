"""What a purchase earns, when it may be used, and what goes back with the goods."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from kit.actions import action
from kit.actor import Actor
from members.identity.models import Member, MergeReason
from members.identity.uniting import merge_members, undo_merge
from members.rewards.adjusting import ask_adjustment
from members.rewards.earning import expire_due, release_due
from members.rewards.models import (
    Coupon,
    CouponKind,
    CouponUse,
    PointsAccount,
    PointsProposal,
    TierStanding,
)
from members.rewards.queries import accounts_unlike_ledger, rewards_of
from members.rewards.redeeming import redeem_coupon
from members.rewards.rules import Lot, lots_left, points_of, remaining_worth, taken_back
from members.rewards.steps import give_coupon
from members.rewards.tasks import move_points_by_time, prove_points
from members.rewards.tiers import judge_many, judge_one
from stores.ledger.intake import Intake
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_welcome_gift, grant, run_handlers
from tests.members.rewards.builders import (
    a_points_rule,
    a_tier_rule,
    an_outside_master,
    give_points,
)

TODAY = timezone.localdate

# A slow machine is no fault of the rules.


def a_sale(number: str, amount: int, member: Member, *, days_ago: int = 0) -> dict[str, Any]:
    sold_at = timezone.now() - timedelta(days=days_ago)
    return {
        "receipt_no": number,
        "store": "S001",
        "sold_at": sold_at.isoformat(),
        "member": {"card": member.card_no},
        "lines": [{"line": 1, "sku": "SK-1", "quantity": 1, "amount": amount}],
    }


def a_return(number: str, of: str, amount: int, member: Member) -> dict[str, Any]:
    told = a_sale(number, -amount, member)
    told["lines"][0] |= {"quantity": -1, "refund_of": f"{of}/1"}
    return told


def tell(*receipts: dict[str, Any]) -> None:
    """The till reports, and the workers react."""
    answers = list(Intake(source="till", by=TESTER).take(list(receipts)))
    assert all(answer.status in {200, 201} for answer in answers), answers
    run_handlers()


def account(member: Member) -> tuple[int, int, int]:
    found = PointsAccount.objects.filter(member=member).first()
    return (found.balance, found.pending, found.owed) if found else (0, 0, 0)


def days_later(cast: Cast, days: int) -> None:
    keys = list(PointsAccount.objects.values_list("pk", flat=True))
    later = TODAY() + timedelta(days=days)
    release_due(keys, today=later, by=TESTER)
    expire_due(keys, today=later, by=TESTER)


@pytest.fixture
def rule(cast: Cast) -> None:
    made = a_points_rule(cast.entity)
    type(made).objects.filter(pk=made.pk).update(since=timezone.now() - timedelta(days=900))


def test_points_wait_for_the_return_window_then_expire(cast: Cast, rule: None) -> None:
    tell(a_sale("R1", 29_950, cast.chen))
    assert account(cast.chen) == (0, 299, 0)
    days_later(cast, 14)
    assert account(cast.chen) == (0, 299, 0)
    days_later(cast, 15)
    days_later(cast, 15)
    assert account(cast.chen) == (299, 0, 0)
    days_later(cast, 15 + 730)
    assert account(cast.chen) == (299, 0, 0)
    days_later(cast, 15 + 731)
    assert account(cast.chen) == (0, 0, 0)
    assert accounts_unlike_ledger() == []


def test_telling_again_earns_nothing_and_a_better_tier_more(cast: Cast, rule: None) -> None:
    told = a_sale("R1", 10_000, cast.chen)
    for _ in range(3):
        tell(told)
    assert account(cast.chen) == (0, 100, 0)
    Member.objects.filter(pk=cast.chen.pk).update(tier="gold")
    tell(a_sale("R2", 10_000, cast.chen))
    assert account(cast.chen) == (0, 250, 0)


def test_in_whatever_order_sale_and_returns_are_told(cast: Cast, rule: None) -> None:
    """Two returns may come before their sale: in the end nothing is left and nothing is owed."""
    for number, order in enumerate(permutations(range(3))):
        sale = f"P{number}"
        told = [
            a_sale(sale, 9_999, cast.chen),
            a_return(f"{sale}a", sale, 3_333, cast.chen),
            a_return(f"{sale}b", sale, 6_666, cast.chen),
        ]
        for i in order:
            tell(told[i])
        assert account(cast.chen) == (0, 0, 0), order
    assert accounts_unlike_ledger() == []


def test_what_was_spent_before_the_return_is_owed_and_paid_by_the_next(
    cast: Cast, rule: None
) -> None:
    tell(a_sale("R1", 10_000, cast.chen))
    days_later(cast, 15)
    _spend(cast, 80)
    tell(a_return("B1", "R1", 10_000, cast.chen))
    assert account(cast.chen) == (0, 0, 80)
    give_points(cast.chen, 100, "gift", by=TESTER)
    assert account(cast.chen) == (20, 0, 0)


def _spend(cast: Cast, points: int) -> None:
    ask_adjustment(cast.chen.pk, points=-points, reason="兑换", by=TESTER)


def test_a_merge_while_points_wait_and_a_return_after_it(cast: Cast, rule: None) -> None:
    wang = a_member("", owner=cast.lin, store=cast.guomao)
    tell(a_sale("R1", 10_000, wang), a_sale("R2", 5_000, cast.chen))
    merge = merge_members(cast.chen.pk, wang.pk, reason=MergeReason.CARD, by=TESTER)
    assert merge is not None
    assert (account(cast.chen), account(wang)) == ((0, 150, 0), (0, 0, 0))
    days_later(cast, 15)
    assert account(cast.chen) == (150, 0, 0)
    # The goods of the gone card come back: they were hers, whoever she is today.
    tell(a_return("B1", "R1", 5_000, cast.chen))
    assert account(cast.chen) == (100, 0, 0)
    undo_merge(merge.pk, by=TESTER)
    assert (account(cast.chen), account(wang)) == ((50, 0, 0), (50, 0, 0))
    tell(a_return("B2", "R1", 5_000, wang))
    assert (account(cast.chen), account(wang)) == ((50, 0, 0), (0, 0, 0))
    assert accounts_unlike_ledger() == []


def test_while_an_outside_system_decides_ours_is_a_proposal(cast: Cast, rule: None) -> None:
    an_outside_master(cast.entity)
    tell(a_sale("R1", 10_000, cast.chen))
    tell(a_return("B1", "R1", 4_000, cast.chen))
    assert account(cast.chen) == (0, 0, 0)
    assert list(PointsProposal.objects.order_by("pk").values_list("points", flat=True)) == [
        100,
        -40,
    ]


def test_a_coupon_comes_back_with_the_whole_receipt(cast: Cast, rule: None) -> None:
    kind = a_welcome_gift(cast.entity)
    Coupon.objects.create(
        kind=kind, member=cast.chen, number="77", once="x",
        expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    tell(a_sale("R1", 10_000, cast.chen))
    redeem_coupon("77", source="till", receipt_no="R1", store=cast.guomao, by=TESTER)
    tell(a_return("B1", "R1", 4_000, cast.chen))
    assert Coupon.objects.get().used_at is not None
    tell(a_return("B2", "R1", 6_000, cast.chen))
    assert Coupon.objects.get().used_at is None
    assert CouponUse.objects.get().reversed_at is not None


def test_she_rises_at_once_and_falls_after_a_warning(cast: Cast) -> None:
    a_tier_rule(cast.entity)
    tell(a_sale("R1", 120_000, cast.chen, days_ago=300))
    cast.chen.refresh_from_db()
    assert cast.chen.tier == "silver"
    shown = rewards_of(cast.chen, timezone.now())
    assert (shown.spent_minor, shown.next_tier, shown.missing_minor) == (120_000, "金卡", 380_000)
    now = timezone.now()
    for days, tier in ((60, "silver"), (70, "silver"), (95, "silver"), (101, "basic")):
        judge_many(cast.entity.pk, [cast.chen.pk], at=now + timedelta(days=days), by=TESTER)
        cast.chen.refresh_from_db()
        assert cast.chen.tier == tier, days
        standing = TierStanding.objects.get()
        assert (standing.falls_on is not None) is (70 <= days <= 95)


def test_a_merged_numbers_purchases_count_for_the_tier(cast: Cast) -> None:
    a_tier_rule(cast.entity)
    wang = a_member("", owner=cast.lin, store=cast.guomao)
    tell(a_sale("R1", 60_000, cast.chen), a_sale("R2", 60_000, wang))
    merge_members(cast.chen.pk, wang.pk, reason=MergeReason.CARD, by=TESTER)
    standing = judge_one(wang.pk, by=TESTER)
    assert standing is not None
    assert (standing.tier, standing.spent_minor) == ("silver", 120_000)


def test_the_clock_moves_points_and_proves_them(cast: Cast, rule: None) -> None:
    tell(a_sale("R1", 10_000, cast.chen, days_ago=20))
    assert move_points_by_time() == 1
    assert account(cast.chen) == (100, 0, 0)
    assert prove_points() == 0


@given(st.integers(0, 10**9), st.integers(0, 100_000), st.lists(st.integers(0, 10**8), max_size=6))
def test_returns_never_take_more_than_was_earned(
    amount: int, rate: int, returns: list[int]
) -> None:
    earned = points_of(amount, rate)
    left, back = earned, 0
    for part in returns:
        back += part
        now = remaining_worth(earned, amount, back)
        assert 0 <= now <= left
        left = now
    assert remaining_worth(earned, amount, amount) == 0


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_is_taken_back_adds_up(points: int, pending: int, balance: int) -> None:
    change = taken_back(points, pending=pending, balance=balance)
    assert change.points + change.pending - change.owed == -points
    assert balance + change.points >= 0
    assert pending + change.pending >= 0


@given(st.lists(st.integers(1, 1000), max_size=8), st.integers(0, 9000))
def test_lots_are_used_up_in_order(sizes: list[int], used: int) -> None:
    day = TODAY()
    lots = [Lot(size, day + timedelta(days=i)) for i, size in enumerate(sizes)]
    left = lots_left(lots, used=used)
    assert sum(lot.points for lot in left) == max(0, sum(sizes) - used)
    assert left == sorted(left, key=lambda lot: lot.expires_on or day)


def test_two_of_one_tier_are_offered_the_same(cast: Cast, rule: None) -> None:
    """L-16: whatever else is known of them, the same purchase earns the same, coupons too."""
    a_tier_rule(cast.entity)
    plain = a_member("", owner=None, store=cast.guomao)
    known = a_member("李贵", owner=cast.lin, store=cast.guomao, phone="+8613911112222")
    grant(known, "profiling", "direct_marketing")
    Member.objects.filter(pk=known.pk).update(birth_year=1980)
    kind = a_welcome_gift(cast.entity)
    for number, amount in enumerate(range(100, 500_000, 49_999)):
        tell(a_sale(f"A{number}", amount, plain), a_sale(f"B{number}", amount, known))
        assert account(plain) == account(known)
    pair = list(Member.objects.filter(pk__in=[plain.pk, known.pk]))
    assert len({member.tier for member in pair}) == 1
    given_to = [_given(member, kind) for member in pair]
    assert given_to[0] == given_to[1]


@action
def _give(member: Member, kind: CouponKind, *, by: Actor) -> Coupon | None:
    return give_coupon(member, kind, once="l16", at=timezone.now())


def _given(member: Member, kind: CouponKind) -> tuple[int, int, int]:
    coupon = _give(member, kind, by=TESTER)
    assert coupon is not None
    return (
        coupon.kind.amount,
        coupon.kind.minimum_spend,
        (coupon.expires_at - coupon.issued_at).days,
    )
