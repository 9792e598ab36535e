"""Facts in answers: the day asked about, dated exceptions, what is stale or missing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.knowledge.errors import StaleFact
from bot.knowledge.facts import fill
from bot.knowledge.rules import DayUnclear, day_asked
from stores.org.models import OpeningHours, Store
from tests.cast import Cast

HOURS = "{store_name}{asked_day}营业时间 {store_hours}。"
# A Saturday, 10:24 in Shanghai.
SATURDAY = datetime(2026, 11, 21, 2, 24, tzinfo=UTC)
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "day", "name"),
    [
        ("几点关门", date(2026, 11, 21), "今天"),
        ("今晚几点关门", date(2026, 11, 21), "今天"),
        ("明天几点开门", date(2026, 11, 22), "明天（11 月 22 日）"),
        ("后天开门吗", date(2026, 11, 23), "周一（11 月 23 日）"),
        ("周日营业到几点", date(2026, 11, 22), "明天（11 月 22 日）"),
        ("星期六几点关门", date(2026, 11, 21), "今天"),
        ("周五几点关门", date(2026, 11, 27), "周五（11 月 27 日）"),
        ("下周五几点关门", date(2026, 11, 27), "周五（11 月 27 日）"),
        ("下周六几点关门", date(2026, 11, 28), "周六（11 月 28 日）"),
        ("12月25日营业吗", date(2026, 12, 25), "周五（12 月 25 日）"),
        ("元旦营业吗", date(2027, 1, 1), "周五（1 月 1 日）"),
        ("25号几点关门", date(2026, 11, 25), "周三（11 月 25 日）"),
        ("3号几点关门", date(2026, 12, 3), "周四（12 月 3 日）"),
        ("坐 4 号线过来，几点关门", date(2026, 11, 21), "今天"),
    ],
)
def test_the_day_a_question_means(text: str, day: date, name: str) -> None:
    asked = day_asked(text, TODAY)
    assert (asked.day, asked.name) == (day, name)


@pytest.mark.parametrize(
    "text", ["昨天几点关门的", "春节开门吗", "周末几点关门", "中秋营业吗", "2月30日营业吗"]
)
def test_days_that_no_rule_can_tell_are_left_to_a_person(text: str) -> None:
    with pytest.raises(DayUnclear):
        day_asked(text, TODAY)


def test_hours_of_the_day_asked_about(cast: Cast) -> None:
    _weekdays(cast.guomao, weekday=6, opens=time(11), closes=time(21))
    said = fill(HOURS, store=cast.guomao, question="请问周日营业到几点呀？", at=SATURDAY)
    assert said.text == "国贸店明天（11 月 22 日）营业时间 11:00–21:00。"
    today = fill(HOURS, store=cast.guomao, question="几点关门", at=SATURDAY)
    assert today.text == "国贸店今天营业时间 10:00–22:00。"


def test_a_dated_row_wins_and_names_its_reason(cast: Cast) -> None:
    _dated(cast.guomao, date(2026, 11, 22), opens=time(12), closes=time(18))
    said = fill(HOURS, store=cast.guomao, question="周日营业到几点", at=SATURDAY)
    assert "12:00–18:00" in said.text
    _dated(cast.guomao, date(2026, 11, 23), note="盘点")
    closed = fill(HOURS, store=cast.guomao, question="周一营业到几点", at=SATURDAY)
    assert closed.text == "国贸店周一（11 月 23 日）休息，不营业（盘点）。"


def test_facts_carry_the_time_they_were_said(cast: Cast) -> None:
    said = fill(HOURS, store=cast.guomao, question="几点关门", at=SATURDAY)
    hours = next(fact for fact in said.facts if fact.name == "store_hours")
    assert hours.as_of is not None
    assert hours.as_row()["name"] == "营业时间"


def test_old_hours_are_not_told_as_facts(cast: Cast) -> None:
    OpeningHours.objects.filter(store=cast.guomao).update(updated_at=SATURDAY - timedelta(days=401))
    with pytest.raises(StaleFact):
        fill(HOURS, store=cast.guomao, question="几点关门", at=SATURDAY)


def test_a_missing_fact_hands_over(cast: Cast) -> None:
    assert cast.guomao.phone == ""
    with pytest.raises(StaleFact):
        fill("门店电话 {store_phone}。", store=cast.guomao, question="电话多少", at=SATURDAY)
    with pytest.raises(StaleFact):
        fill(HOURS, store=None, question="几点关门", at=SATURDAY)


def test_an_article_about_today_does_not_answer_for_sunday(cast: Cast) -> None:
    answer = "今天营业 {store_hours_today}。"
    assert fill(answer, store=cast.guomao, question="几点关门", at=SATURDAY).text
    with pytest.raises(StaleFact):
        fill(answer, store=cast.guomao, question="周日几点关门", at=SATURDAY)


def _weekdays(store: Store, *, weekday: int, opens: time, closes: time) -> None:
    OpeningHours.objects.create(
        store=store, weekday=weekday, since=date(2024, 1, 1), opens_at=opens, closes_at=closes
    )


def _dated(
    store: Store,
    day: date,
    *,
    opens: time | None = None,
    closes: time | None = None,
    note: str = "",
) -> None:
    OpeningHours.objects.create(
        store=store, since=day, until=day, opens_at=opens, closes_at=closes, note=note
    )
