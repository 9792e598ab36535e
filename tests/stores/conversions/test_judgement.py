"""Facts in, credits out: whatever the order, however often, refunds first or last."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from stores.conversions.actions import judge_member, judge_next, judge_receipts
from stores.conversions.models import Credit, CreditRule
from stores.ledger.models import PurchaseLine, ReceiptKey
from stores.ledger.steps import end_ownership, record_merge, undo_merge
from tests.cast import Cast, a_member
from tests.stores.conversions.builders import (
    NOON,
    TEST,
    credited,
    days,
    let_the_house_react,
    own,
    sell,
    touch,
)


def test_the_owner_who_was_in_touch_is_credited(cast: Cast) -> None:
    own(cast.lin, 900, NOON - days(200))
    touch("visit", cast.lin, 900, NOON - days(3))
    touch("push", cast.zhou, 900, NOON - days(1))
    sell("A1", cast.guomao, member_no=900, served_by=cast.ma)
    let_the_house_react()
    credit = Credit.objects.get()
    assert (credit.guide_no, credit.amount, credit.reason) == (cast.lin.pk, 10_000, "owner")
    assert len(credit.touches) == 1


def test_an_owner_out_of_touch_gives_way_to_the_last_touch(cast: Cast) -> None:
    own(cast.lin, 900, NOON - days(200))
    touch("visit", cast.lin, 900, NOON - days(31))
    touch("push", cast.ma, 900, NOON - days(5))
    touch("call", cast.zhou, 900, NOON - days(2))
    sell("A1", cast.guomao, member_no=900, served_by=cast.ma)
    let_the_house_react()
    assert credited() == {"G002": {"A1/1": 10_000}}


def test_without_any_touch_whoever_served_is_credited_or_nobody(cast: Cast) -> None:
    sell("A1", cast.guomao, served_by=cast.ma)
    sell("A2", cast.guomao)
    sell("A3", cast.guomao, member_no=900)
    let_the_house_react()
    assert credited() == {"G003": {"A1/1": 10_000}}


def test_leaving_a_group_is_no_reason_for_credit(cast: Cast) -> None:
    touch("group_leave", cast.lin, 900, NOON - days(1))
    sell("A1", cast.guomao, member_no=900)
    let_the_house_react()
    assert credited() == {}


def test_a_touch_after_the_sale_earns_nothing(cast: Cast) -> None:
    sell("A1", cast.guomao, member_no=900)
    touch("visit", cast.lin, 900, NOON + timedelta(seconds=1))
    let_the_house_react()
    assert credited() == {}


def test_a_touch_told_late_is_counted(cast: Cast) -> None:
    sell("A1", cast.guomao, member_no=900, served_by=cast.ma)
    let_the_house_react()
    assert credited() == {"G003": {"A1/1": 10_000}}
    touch("visit", cast.lin, 900, NOON - days(2))
    let_the_house_react()
    assert credited() == {"G001": {"A1/1": 10_000}}


def test_a_member_known_only_later_moves_the_credit(cast: Cast) -> None:
    touch("visit", cast.lin, 900, NOON - days(2))
    sell("A1", cast.guomao, served_by=cast.ma)
    let_the_house_react()
    assert credited() == {"G003": {"A1/1": 10_000}}
    sell("A1", cast.guomao, served_by=cast.ma, member_no=900)
    let_the_house_react()
    assert credited() == {"G001": {"A1/1": 10_000}}
    assert Credit.objects.get().member_no == 900


def test_an_owner_told_late_and_an_ownership_ended(cast: Cast) -> None:
    touch("visit", cast.lin, 900, NOON - days(9))
    touch("visit", cast.zhou, 900, NOON - days(1))
    sell("A1", cast.guomao, member_no=900)
    let_the_house_react()
    assert credited() == {"G002": {"A1/1": 10_000}}
    own(cast.lin, 900, NOON - days(20))
    let_the_house_react()
    assert credited() == {"G001": {"A1/1": 10_000}}

    @action
    def end(*, by: Actor) -> None:
        assert end_ownership(member_no=900, at=NOON - days(5))

    end(by=TEST)
    let_the_house_react()
    assert credited() == {"G002": {"A1/1": 10_000}}


def test_a_refund_takes_back_from_whoever_was_credited(cast: Cast) -> None:
    own(cast.lin, 900, NOON - days(200))
    touch("visit", cast.lin, 900, NOON - days(3))
    sell("A1", cast.guomao, member_no=900)
    # By then she belongs to somebody else, and another guide takes the parcel back.
    own(cast.zhou, 900, NOON + days(2))
    touch("visit", cast.zhou, 900, NOON + days(3))
    sell("R1", cast.wangjing, lines=[(1, -4_000)], at=NOON + days(4), refund_of="A1/1")
    let_the_house_react()
    assert credited() == {"G001": {"A1/1": 10_000, "R1/1": -4_000}}
    refund = Credit.objects.get(receipt_no="R1")
    assert (refund.sold_at, refund.store_no) == (NOON + days(4), cast.guomao.pk)
    assert refund.refund_of == "A1/1"


def test_a_refund_before_its_sale_waits_and_is_judged_with_it(cast: Cast) -> None:
    sell("R1", cast.guomao, lines=[(1, -10_000)], at=NOON + days(1), refund_of="A1/1")
    let_the_house_react()
    assert credited() == {}
    sell("A1", cast.guomao, served_by=cast.lin)
    let_the_house_react()
    assert credited() == {"G001": {"A1/1": 10_000, "R1/1": -10_000}}


def test_more_is_never_taken_back_than_was_given(cast: Cast) -> None:
    sell("A1", cast.guomao, served_by=cast.lin)
    sell("R1", cast.guomao, lines=[(1, -7_000)], at=NOON + days(1), refund_of="A1/1")
    sell("R2", cast.guomao, lines=[(1, -7_000)], at=NOON + days(2), refund_of="A1/1")
    let_the_house_react()
    assert credited() == {"G001": {"A1/1": 10_000, "R1/1": -7_000, "R2/1": -3_000}}


def test_merged_numbers_are_one_person_until_they_part(cast: Cast) -> None:
    touch("visit", cast.lin, 901, NOON - days(2))
    sell("A1", cast.guomao, member_no=900)
    let_the_house_react()
    assert credited() == {}

    @action
    def merge(*, by: Actor) -> None:
        assert record_merge(member_no=900, into_no=901, at=NOON)
        assert not record_merge(member_no=900, into_no=901, at=NOON)

    @action
    def part(*, by: Actor) -> None:
        assert undo_merge(member_no=900, at=NOON)
        assert not undo_merge(member_no=900, at=NOON)

    merge(by=TEST)
    let_the_house_react()
    assert credited() == {"G001": {"A1/1": 10_000}}
    assert Credit.objects.get().member_no == 901
    part(by=TEST)
    let_the_house_react()
    assert credited() == {}


def test_a_rule_counts_from_its_date_on(cast: Cast) -> None:
    CreditRule.objects.create(
        name="谁接待归谁",
        terms={"ladder": [{"kind": "server"}]},
        effective_from=NOON,
        approved_at=NOON,
    )
    CreditRule.objects.create(
        name="没有批准", terms={"ladder": [{"kind": "owner"}]}, effective_from=NOON
    )
    touch("visit", cast.lin, 900, NOON - days(1))
    before = NOON - timedelta(seconds=1)
    sell("A1", cast.guomao, member_no=900, served_by=cast.ma, at=before)
    sell("A2", cast.guomao, member_no=900, served_by=cast.ma)
    sell("R1", cast.guomao, lines=[(1, -10_000)], at=NOON + days(1), refund_of="A1/1")
    let_the_house_react()
    assert credited() == {"G001": {"A1/1": 10_000, "R1/1": -10_000}, "G003": {"A2/1": 10_000}}


def test_judging_again_writes_nothing(cast: Cast) -> None:
    sell("A1", cast.guomao, served_by=cast.lin)
    let_the_house_react()
    row = Credit.objects.get()
    assert judge_receipts([("till-1", "A1")], by=TEST) == 0
    assert judge_member(900, since=NOON - days(99), by=TEST) == 0
    assert judge_next(0, by=TEST).changed == 0
    again = Credit.objects.get()
    assert (again.pk, again.judged_at) == (row.pk, row.judged_at)


def test_a_recount_finds_what_a_lost_reaction_left(cast: Cast) -> None:
    for i in range(7):
        sell(f"A{i}", cast.guomao, served_by=cast.lin)
    after: int | None = 0
    rounds = 0
    while after is not None:
        after = judge_next(after, size=3, by=TEST).after
        rounds += 1
    assert rounds == 4
    assert Credit.objects.count() == 7


def _facts(cast: Cast) -> list[Callable[[], object]]:
    """A member's story of sales, partial refunds and touches, as separate tellings."""
    lin, zhou, ma = cast.lin, cast.zhou, cast.ma
    shop = cast.guomao
    return [
        lambda: touch("registration", lin, 900, NOON - days(80)),
        lambda: touch("push", zhou, 900, NOON - days(28)),
        lambda: touch("visit", ma, 900, NOON - days(6)),
        lambda: touch("link_open", zhou, 901, NOON + days(2)),
        lambda: sell("A1", shop, lines=[(1, 101), (2, 5_003)], member_no=900, served_by=ma),
        lambda: sell("A2", shop, lines=[(1, 7)], member_no=901, served_by=lin, at=NOON + days(5)),
        lambda: sell("A3", shop, lines=[(1, 1)], served_by=zhou, at=NOON + days(6)),
        lambda: sell("R1", shop, lines=[(1, -1)], refund_of="A1/1", at=NOON + days(7)),
        lambda: sell("R2", shop, lines=[(1, -33)], refund_of="A1/1", at=NOON + days(8)),
        lambda: sell("R3", shop, lines=[(4, -5_003)], refund_of="A1/2", at=NOON + days(8)),
        lambda: sell("R4", shop, lines=[(1, -5)], refund_of="A2/1", at=NOON + days(9)),
        # At the same moment as R4, and split otherwise if it were taken first.
        lambda: sell("R5", shop, lines=[(1, -1)], refund_of="A2/1", at=NOON + days(9)),
    ]


_SHARED = {
    "ladder": [{"kind": "linear", "window_days": 30}, {"kind": "server"}],
    "server_share": 30,
}


@pytest.mark.parametrize("seed", range(8))
def test_any_order_and_any_repetition_end_in_the_same_credits(cast: Cast, seed: int) -> None:
    CreditRule.objects.create(
        name="均分",
        terms=_SHARED,
        effective_from=datetime(2001, 1, 1, tzinfo=UTC),
        approved_at=NOON,
    )
    chance = random.Random(seed)  # noqa: S311
    story = _facts(cast)
    told = [*story, *chance.sample(story, 6)]
    chance.shuffle(told)
    for tell in told:
        tell()
        if chance.random() < 0.4:
            let_the_house_react()
    let_the_house_react()
    assert credited() == {
        "G001": {"A2/1": 2, "R4/1": -1, "R5/1": -1},
        "G002": {
            "A1/1": 35,
            "A1/2": 1_751,
            "A2/1": 5,
            "A3/1": 1,
            "R2/1": -12,
            "R3/4": -1_751,
            "R4/1": -4,
        },
        "G003": {"A1/1": 66, "A1/2": 3_252, "R1/1": -1, "R2/1": -21, "R3/4": -3_252},
    }


def test_a_refund_outlives_its_sale_that_ended_after_five_years(cast: Cast) -> None:
    """Judged again, what it took back would be given again, and paid again."""
    end = timezone.now() - days(5 * 365)
    sell("A1", cast.guomao, member_no=900, served_by=cast.lin, at=end - days(3))
    back = [(1, -4_000)]
    sell("R1", cast.guomao, lines=back, member_no=900, refund_of="A1/1", at=end + days(10))
    let_the_house_react()
    assert credited() == {"G001": {"A1/1": 10_000, "R1/1": -4_000}}
    end_facts_before(end, by=TEST)
    judge_member(900, since=NOON - days(5_000), by=TEST)
    judge_receipts([("till-1", "R1")], by=TEST)
    assert credited() == {"G001": {"R1/1": -4_000}}


@action
def end_facts_before(end: datetime, *, by: Actor) -> None:
    for facts in (ReceiptKey, PurchaseLine, Credit):
        assert facts.objects.filter(sold_at__lt=end).delete()[0]


def test_judging_twenty_receipts_asks_no_more_than_one(cast: Cast) -> None:
    sell("Q", cast.guomao, served_by=cast.lin)
    judge_receipts([("till-1", "Q")], by=TEST)  # writes the house's first rule
    counts = []
    for size in (1, 20):
        member = a_member(f"会员{size}", owner=cast.lin, store=cast.guomao)
        touch("visit", cast.lin, member.pk, NOON - days(1))
        for i in range(size):
            sell(f"Q{size}-{i}", cast.guomao, member_no=member.pk)
        with CaptureQueriesContext(connection) as queries:
            judge_receipts([("till-1", f"Q{size}-{i}") for i in range(size)], by=TEST)
        counts.append(len(queries))
    assert counts[0] == counts[1]
