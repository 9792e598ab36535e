"""The night's reckoning: what it writes, whom it leaves out, and that a part equals the whole."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from members.audience.models import AudienceChange
from members.consent.actions import decide
from members.consent.models import Purpose
from members.consent.queries import permitted
from members.identity.models import Member
from members.lifecycle import bgnbd, facts, gammagamma, reckoning, yardsticks
from members.lifecycle.bgnbd import Buying, Histories
from members.lifecycle.gammagamma import Spending
from members.lifecycle.models import LifecycleRun, MemberStage, Stage, StageRule, Yardstick
from members.lifecycle.reckoning import Kind, begin, carry_on, reckon
from members.lifecycle.rules import Facts, Limits, entered_on, look_again_on, stage_of
from members.lifecycle.yardsticks import published_rule
from members.privacy.errors import AssessmentMissing
from stores.ledger.models import MergedMember, ReceiptMember
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, run_handlers
from tests.members.lifecycle.builders import (
    a_shopper,
    buy,
    let_an_hour_pass,
    moment,
    sell,
    sign_profiling,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The cast, with profiling assessed for both entities; ten buyers are enough for a model."""
    sign_profiling(cast.entity, cast.franchise)
    monkeypatch.setattr(yardsticks, "FEWEST", 10)
    return cast


def crowd(shop: Cast, size: int) -> None:
    """Members who buy at random; the same ones each time."""
    chance = random.Random(19970101)  # noqa: S311 - the same crowd each time
    for number in range(size):
        last = chance.choice((2, 30, 90, 140, 200, 370))
        times = chance.choice((1, 1, 2, 3, 5))
        days = {last, *(chance.randint(last, 600) for _ in range(times - 1))}
        her = a_shopper(shop, f"客{number}")
        for day in days:
            buy(her, day, amount=chance.randint(5_000, 60_000))


# CDNOW's parameters, in days.
MODEL = {
    "r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426, "p": 6.25, "q": 3.74, "gamma": 1544.0,
}  # fmt: skip


def reckon_by_model() -> LifecycleRun:
    """Everybody, by a model that so few people could not teach."""
    run = begin(Kind.EVERYBODY, by=TESTER)
    Yardstick.objects.filter(pk=run.yardstick_id).update(model=MODEL)
    while run.finished_at is None:
        run = carry_on(run.pk, by=TESTER)
    facts.forget_gathered()
    return run


def stages() -> dict[str, str]:
    return {
        row.member.name or "": row.stage for row in MemberStage.objects.select_related("member")
    }


def test_everybody_who_permits_it_stands_in_a_stage_that_explains_itself(shop: Cast) -> None:
    a_shopper(shop, "新", 5)
    a_shopper(shop, "长", 5, 40)
    a_shopper(shop, "熟", 5, 40, 80, 200)
    a_shopper(shop, "眠", 130, 150, 180, 200)
    a_shopper(shop, "失", 400, 420)
    reckon()
    assert stages() == {
        "新": "new", "长": "growing", "熟": "mature", "眠": "dormant", "失": "lapsed",
    }  # fmt: skip
    # Five people teach no model: nothing is foretold, not even nothing.
    assert {row.value_minor for row in MemberStage.objects.all()} == {None}
    asleep = MemberStage.objects.select_related("yardstick__rule").get(stage=Stage.DORMANT)
    assert asleep.because[1] == "已有 130 天没有购买，超过 120 天算休眠"
    assert asleep.since == timezone.localdate() - timedelta(days=9)


def test_nothing_is_computed_of_who_did_not_permit_it(shop: Cast) -> None:
    silent = a_member("默", owner=shop.lin, store=shop.guomao)
    buy(silent, 3)
    hers = a_shopper(shop, "允", 3)
    gone = a_shopper(shop, "撤", 3)
    decide(gone.pk, {Purpose.PROFILING: False}, by=TESTER)
    young = a_shopper(shop, "小", 3)
    Member.objects.filter(pk=young.pk).update(birth_year=timezone.localdate().year - 12)
    restricted = a_shopper(shop, "限", 3)
    Member.objects.filter(pk=restricted.pk).update(restricted_at=timezone.now())
    reckon()
    may = {
        key
        for entity in (shop.entity, shop.franchise)
        for key in permitted(
            Member.objects.filter(entity=entity),
            Purpose.PROFILING,
            at=timezone.now(),
            entity=entity,
        ).values_list("pk", flat=True)
    }
    assert set(MemberStage.objects.values_list("pk", flat=True)) == may == {hers.pk}


def test_without_a_signed_assessment_nothing_begins(cast: Cast) -> None:
    a_shopper(cast, "陈", 3)
    with pytest.raises(AssessmentMissing):
        reckon()
    sign_profiling(cast.franchise)
    reckon()
    assert not MemberStage.objects.exists()


def test_refusing_profiling_deletes_her_row_and_permitting_brings_it_back(shop: Cast) -> None:
    her = a_shopper(shop, "陈", 3)
    reckon()
    run_handlers()
    decide(her.pk, {Purpose.PROFILING: False}, by=TESTER)
    run_handlers()
    assert not MemberStage.objects.filter(pk=her.pk).exists()
    decide(her.pk, {Purpose.PROFILING: True}, by=TESTER)
    run_handlers()
    assert MemberStage.objects.get(pk=her.pk).frequency == 1


def test_a_day_is_one_purchase_and_refunds_are_netted_on_the_day_of_the_sale(shop: Cast) -> None:
    her = a_shopper(shop, "陈", 30, 30, 20)
    back = buy(her, 10)
    buy(her, 2, amount=-20_000, refund_of=f"{back}/1")
    buy(her, 1, amount=-5_000, refund_of="never-sold/1")
    # Two in the morning by UTC, the next day by the shop's clock.
    sell("late", her, moment(timezone.localdate() - timedelta(days=20), 23), 1_000)
    reckon()
    row = MemberStage.objects.get(pk=her.pk)
    assert (row.frequency, row.monetary_minor, row.repeat_minor) == (2, 61_000, 21_000)
    assert row.recency_days == 20


def late_claim(number: str, member: Member) -> None:
    """She shows her card after the sale."""
    ReceiptMember.objects.create(
        source="till",
        receipt_no=number,
        member_no=member.pk,
        store_no=member.home_store_id,
        actor="test",
    )


def snapshot() -> list[tuple[object, ...]]:
    fields = (
        *("member", "stage", "frequency", "first_on", "last_on", "monetary_minor", "repeat_minor"),
        *("rfm", "p_alive", "expected_purchases", "value_minor", "since", "before"),
    )
    return list(MemberStage.objects.order_by("pk").values_list(*fields))


def test_changes_alone_come_to_what_counting_everybody_comes_to(shop: Cast) -> None:
    crowd(shop, 12)
    her, old = a_shopper(shop, "陈", 90, 60), a_shopper(shop, "旧", 200)
    sold = buy(her, 50)
    sell("nobody", None, moment(timezone.localdate() - timedelta(days=7)), 20_000)
    first = reckon_by_model()
    assert (first.kind, first.scored) == (Kind.EVERYBODY, 14)
    let_an_hour_pass()
    # All the ways in which the past may change: late, returned, claimed, merged, and a day later.
    buy(her, 130)
    buy(her, 1, amount=-20_000, refund_of=f"{sold}/1")
    late_claim("nobody", old)
    MergedMember.objects.create(member_no=old.pk, into_no=her.pk)
    tomorrow = timezone.localdate() + timedelta(days=1)
    second = reckon(on=tomorrow)
    assert second.kind == Kind.CHANGES
    assert 0 < second.scored < 14
    changed = snapshot()
    mine = MemberStage.objects.get(pk=her.pk)
    assert (mine.frequency, mine.first_on) == (
        5,
        tomorrow - timedelta(days=201),
    )
    yardstick = mine.yardstick
    MemberStage.objects.all().delete()
    whole = begin(Kind.EVERYBODY, on=tomorrow, by=TESTER)
    LifecycleRun.objects.filter(pk=whole.pk).update(yardstick=yardstick)
    while carry_on(whole.pk, by=TESTER).finished_at is None:
        pass
    rows = {row[0]: row[1:8] for row in snapshot()}
    assert {row[0]: row[1:8] for row in changed} == rows


def versions() -> dict[int, str]:
    """Which writing of each row stands."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT member_id, ctid::text FROM members_memberstage")
        return dict(cursor.fetchall())


def test_looking_at_everybody_again_writes_only_what_is_new(shop: Cast) -> None:
    crowd(shop, 12)
    her, due = a_shopper(shop, "陈", 90, 60), a_shopper(shop, "旧", 200)
    grew = a_shopper(shop, "新", 30)
    reckon_by_model()
    MemberStage.objects.filter(pk=due.pk).update(look_again_on=timezone.localdate())
    before = versions()
    AudienceChange.objects.all().delete()
    buy(her, 40)
    buy(grew, 2)
    again = reckon_by_model()
    assert again.scored == len(before) == 15
    after = versions()
    assert {key for key in after if after[key] != before[key]} == {her.pk, due.pk, grew.pk}
    # Audiences ask only which stage: of the three, one has another.
    noted = AudienceChange.objects.filter(what="stage").values_list("member_no", flat=True)
    assert list(noted) == [grew.pk]
    assert again.moved == 1


def test_a_week_in_which_nothing_happened_writes_no_row(
    shop: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Too few to teach a model, and so long quiet that time alone changes nothing for weeks.
    asleep = [a_shopper(shop, f"眠{number}", 200 + number) for number in range(4)]
    a_shopper(shop, "没买过")
    reckon()
    before, today = versions(), timezone.localdate()
    AudienceChange.objects.all().delete()
    monkeypatch.setattr(reckoning, "PORTION", asleep[1].pk)
    week = reckon(Kind.EVERYBODY, on=today + timedelta(days=7))
    assert (week.scored, week.moved, week.removed) == (5, 0, 0)
    assert versions() == before
    assert not AudienceChange.objects.exists()
    # Who may no longer be computed goes, whatever told us; nobody else is touched.
    gone = asleep[2].pk
    Member.objects.filter(pk=gone).update(restricted_at=timezone.now())
    again = reckon(Kind.EVERYBODY, on=today + timedelta(days=14))
    assert (again.scored, again.moved, again.removed) == (4, 0, 1)
    assert versions() == {key: row for key, row in before.items() if key != gone}


def test_a_changed_rule_is_written_into_every_row(shop: Cast) -> None:
    crowd(shop, 6)
    reckon_by_model()
    StageRule.objects.create(version=2, dormant_after=121, published_at=timezone.now())
    reckon_by_model()
    assert set(MemberStage.objects.values_list("yardstick__rule__version", flat=True)) == {2}


def test_each_row_is_what_the_rule_says_in_python(shop: Cast) -> None:
    crowd(shop, 16)
    a_shopper(shop, "新", 9)
    reckon_by_model()
    rule = published_rule()
    limits = Limits(
        rule.growing_purchases, rule.mature_purchases, rule.mature_spend,
        rule.dormant_after, rule.lapsed_after,
    )  # fmt: skip
    rows = list(MemberStage.objects.all())
    assert len({row.stage for row in rows}) == 5
    for row in rows:
        facts = Facts(
            row.joined_on, row.frequency, row.first_on, row.last_on, row.monetary_minor,
        )  # fmt: skip
        assert row.stage == stage_of(facts, limits, row.computed_on)
        assert row.look_again_on == look_again_on(facts, limits, row.computed_on)
        assert row.since == entered_on(facts, limits, row.stage)
        assert_forecast(row)


def assert_forecast(row: MemberStage) -> None:
    """What PostgreSQL wrote is what the formulas give."""
    assert row.first_on is not None
    assert row.last_on is not None
    days = [float((day - row.first_on).days) for day in (row.last_on, row.computed_on)]
    last, seen = (np.array([value]) for value in days)
    history = Histories.each(np.array([row.frequency - 1.0]), last, seen)
    buying = Buying.of(MODEL)
    expected = bgnbd.expected(history, 365.0, buying)[0]
    assert row.expected_purchases == pytest.approx(expected)
    if row.frequency == 1:
        # The model gives certainty to whoever had no chance to leave; nobody is told so.
        assert row.p_alive is None
    else:
        assert row.p_alive == pytest.approx(bgnbd.alive(history, buying)[0])
    mean = np.array([row.repeat_minor / max(row.frequency - 1, 1)])
    spending = Spending(MODEL["p"], MODEL["q"], MODEL["gamma"])
    worth = gammagamma.expected_purchase(history.x, mean, spending)[0]
    assert row.value_minor == pytest.approx(expected * worth, abs=1)


def test_a_run_that_died_is_carried_on_where_it_stood(
    shop: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        a_shopper(shop, f"客{number}", 3 + number)
    first = Member.objects.order_by("pk").values_list("pk", flat=True)[2]
    monkeypatch.setattr(reckoning, "PORTION", first)
    run = carry_on(begin(by=TESTER).pk, by=TESTER)
    assert run.finished_at is None
    before = MemberStage.objects.count()
    # The worker dies: what its session had gathered is gone.
    facts.forget_gathered()
    done = reckon()
    assert done.pk == run.pk
    assert 0 < before < MemberStage.objects.count() == done.scored == 6


def test_who_moved_is_told_once_and_a_new_rule_moves_nobody(shop: Cast) -> None:
    from kit.events import DomainEvent

    her = a_shopper(shop, "陈", 110, 100)
    reckon()
    let_an_hour_pass()
    reckon(Kind.CHANGES, on=timezone.localdate() + timedelta(days=30))
    told = DomainEvent.objects.get(kind="stage_changed")
    assert told.payload["member"] == her.pk
    assert (told.payload["before"], told.payload["stage"]) == ("growing", "dormant")
    assert MemberStage.objects.get(pk=her.pk).before == "growing"


def test_dates_are_the_shops(shop: Cast) -> None:
    her = a_shopper(shop, "陈")
    day = timezone.localdate() - timedelta(days=3)
    sell("A", her, moment(day, 0), 100)
    sell("B", her, moment(day, 23), 100)
    reckon()
    row = MemberStage.objects.get(pk=her.pk)
    assert (row.frequency, row.last_on) == (1, date(day.year, day.month, day.day))
