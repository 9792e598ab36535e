"""What was really added: the interval keeps its promise, and the words say what it does not say."""

from __future__ import annotations

import random
import statistics
from fractions import Fraction

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from scipy import stats

from kit.actions import action
from kit.actor import Actor
from kit.fields import shown_id
from members.lifecycle.figures import note_sides_of_plays
from members.lifecycle.models import MemberStage, StageRule, Yardstick
from members.lifecycle.models_of_today import Play
from stores.figures.lift import Lift, Side, lift_between
from stores.figures.lifting import Member, measure, note_arms
from stores.figures.models_of_lift import Arm
from stores.ledger.steps import record_merge
from tests.cast import Cast, a_member
from tests.stores.conversions.builders import NOON, TEST, days, sell
from tests.stores.figures.builders import from_code, settle


def spendings(chance: np.random.Generator, size: int, *, more: int = 0) -> list[int]:
    """Most buy nothing, some a little, few much."""
    buys = chance.random(size) < 0.3
    spent = np.where(buys, chance.gamma(2.0, 15_000, size) + more, 0)
    return [int(value) for value in spent]


def side_of(amounts: list[int]) -> Side:
    buyers = sum(amount > 0 for amount in amounts)
    return Side.of_sums(len(amounts), buyers, sum(amounts), sum(x * x for x in amounts))


def lift_of(treated: list[int], held: list[int], *, mixed: int = 0) -> Lift:
    return lift_between(
        side_of(treated),
        side_of(held),
        mixed=mixed,
        largest=max([*treated, *held], default=0),
        total=sum(treated) + sum(held),
    )


@action
def note(kind: str, members: list[Member], *, by: Actor) -> int:
    return note_arms(kind, "some", members, {})


def test_the_interval_is_welch_s() -> None:
    chance = np.random.default_rng(1)
    one, two = spendings(chance, 300, more=4_000), spendings(chance, 80)
    found = lift_of(one, two)
    judge = stats.ttest_ind(one, two, equal_var=False).confidence_interval(0.95)
    assert found.low == pytest.approx(judge.low)
    assert found.high == pytest.approx(judge.high)
    assert found.added == (
        round(300 * found.difference),
        round(300 * float(judge.low)),
        round(300 * float(judge.high)),
    )


def test_in_twenty_trials_nineteen_cover_what_is_so() -> None:
    chance = np.random.default_rng(20261122)
    covered = proven = 0
    for _ in range(400):
        found = lift_of(spendings(chance, 500), spendings(chance, 120))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
        proven += found.is_proven
    assert 0.92 <= covered / 400 <= 0.98
    assert proven <= 400 - covered


def test_what_may_not_be_concluded_is_said() -> None:
    chance = np.random.default_rng(3)
    many, none = spendings(chance, 500, more=30_000), spendings(chance, 200)
    assert lift_of(many, none).cautions == ()
    assert lift_of(many, none).is_proven
    assert "反而买得少" in " ".join(lift_of(none, many).cautions)
    assert "包含 0" in " ".join(lift_of(none, none).cautions)
    assert "对照组只有 20 位" in " ".join(lift_of(many, none[:20]).cautions)
    assert "只有 0 位买了东西" in " ".join(lift_of(many, [0] * 90).cautions)
    assert "9%）还是被触达了" in " ".join(lift_of(many, none, mixed=18).cautions)
    assert "占了全部金额的" in " ".join(lift_of([*many, 10**9], none).cautions)
    empty = lift_of([], [])
    assert (empty.low, empty.added) == (None, None)
    assert "算不出区间" in " ".join(empty.cautions)


def test_money_of_any_set_of_members_net_of_refunds_and_within_its_days(cast: Cast) -> None:
    members: list[Member] = [(7, True, NOON), (8, False, NOON), (9, True, NOON - days(20))]
    sell("A0", cast.guomao, member_no=7, at=NOON - days(1))
    sell("A1", cast.guomao, member_no=7, at=NOON + days(1))
    sell("A2", cast.guomao, member_no=7, at=NOON + days(2), lines=[(1, 5_000)])
    sell("R2", cast.guomao, member_no=7, at=NOON + days(3), lines=[(1, -5_000)], refund_of="A2/1")
    sell("A3", cast.guomao, member_no=7, at=NOON + days(8))
    sell("B1", cast.guomao, at=NOON + days(1), lines=[(1, 3_000)])
    sell("B1", cast.guomao, at=NOON + days(1), lines=[(1, 3_000)], member_no=80)

    @action
    def merge(*, by: Actor) -> bool:
        return record_merge(member_no=80, into_no=8, at=NOON)

    merge(by=TEST)
    note("play", members, by=TEST)
    found = measure("play", "some", days=7, now=NOON + days(10))
    assert (found.lift.treated.mean, found.lift.held.mean) == (5_000, 3_000)
    assert (found.lift.treated.members, found.lift.treated.buyers) == (2, 1)
    young = measure("play", "some", days=14, now=NOON + days(10))
    assert (young.too_young, young.lift.treated.members, young.lift.held.members) == (2, 1, 0)
    none = measure("play", "some", days=14, now=NOON - days(10))
    assert (none.too_young, none.lift.treated.members, none.lift.low) == (3, 0, None)


def test_sums_in_the_database_say_what_a_list_of_everybody_says(cast: Cast) -> None:
    """Sides, mean, variance, buyers and words, against each member's money in plain Python."""
    dice = random.Random(5)  # noqa: S311 - the same story in every run
    members: list[Member] = [
        (no, no % 3 > 0, NOON + days(dice.uniform(0, 5))) for no in range(1, 181)
    ]
    spent = dict.fromkeys([no for no, *_ in members], 0)
    for no, _, at in members:
        for n in range(dice.choice([0, 0, 1, 2])):
            amount, after = dice.randrange(1, 9_000_000), dice.uniform(-1, 9)
            sell(f"A{no}-{n}", cast.guomao, member_no=no, at=at + days(after), lines=[(1, amount)])
            back = dice.choice([0, 0, amount // 3])
            refund = f"A{no}-{n}/1"
            sell(
                f"R{no}-{n}", cast.guomao, member_no=no, at=at + days(after + 1),
                lines=[(1, -back)] if back else [(1, 0)], refund_of=refund,
            )  # fmt: skip
            spent[no] += amount * (0 <= after < 7) - back * (0 <= after + 1 < 7)
    note("play", members, by=TEST)
    found = measure("play", "some", days=7, now=NOON + days(40))
    for side, is_in in ((found.lift.treated, True), (found.lift.held, False)):
        amounts = [spent[no] for no, treated, _ in members if treated == is_in]
        assert side.members == len(amounts)
        assert side.buyers == sum(amount > 0 for amount in amounts)
        assert side.mean == statistics.fmean(amounts)
        assert side.variance == float(statistics.variance(map(Fraction, amounts)))
    both = [[spent[no] for no, treated, _ in members if treated == is_in] for is_in in (1, 0)]
    assert found.lift == lift_of(both[0], both[1])


def test_who_was_kept_out_and_reached_all_the_same_is_counted(cast: Cast) -> None:
    note("play", [(7, True, NOON), (8, False, NOON), (9, False, NOON)], by=TEST)
    from_code(cast.lin, 8, NOON + days(1), "another", "push")
    from_code(cast.lin, 9, NOON + days(30), "another", "push")
    assert measure("play", "some", days=7, now=NOON + days(40)).lift.mixed == 1


def test_a_play_notes_its_sides_once(client: Client, cast: Cast) -> None:
    now = timezone.now()
    rule = StageRule.objects.create(version=99)
    stick = Yardstick.objects.create(rule=rule, measured_on=now.date())
    for n in range(40):
        member = a_member(f"会员{n}", owner=None, store=cast.guomao)
        MemberStage.objects.create(
            member=member, stage="dormant", since=now.date() - days(25), joined_on=now.date(),
            computed_on=now.date(), look_again_on=now.date(), yardstick=stick,
        )  # fmt: skip
    play = Play.objects.create(
        kind="wake_up", name="秋天唤醒", stages=["dormant"], holdout_percent=50, is_active=True
    )
    note_sides_of_plays(now - days(20))
    assert Arm.objects.count() == 40
    held = set(Arm.objects.filter(treated=False).values_list("member_no", flat=True))
    assert 5 < len(held) < 35
    note_sides_of_plays(now)
    assert set(Arm.objects.values_list("at", flat=True)) == {now - days(20)}
    settle()
    client.force_login(cast.hq)
    address = f"/admin/stores/arm/?kind=play&source={shown_id(play.public_id)}&days=14"
    page = client.get(address).content.decode()
    assert "秋天唤醒" in page
    assert f"对照组只有 {len(held)} 位，少于 50 位" in page
    assert "两组都没有可比的消费" in page
    later = client.get(address.replace("days=14", "days=30")).content.decode()
    assert "还有 40 位没有满 30 天" in later
