"""The table of decisions: who said what, where, and what the bot does."""

from __future__ import annotations

import pytest

from bot.understanding.evaluation import GROUP, ONE_TO_ONE
from bot.understanding.matcher import Candidate, Entry, Matcher
from bot.understanding.rules import (
    Answer,
    Decision,
    Draft,
    Escalate,
    Place,
    Reason,
    Said,
    Silence,
    decide,
)

MATCHER = Matcher(
    [
        Entry("hours", "几点关门？", ("周日营业到几点", "今天营业到几点"), "{store_hours}"),
        Entry("parking", "可以停车吗？", ("停车怎么收费",), "可以停在地下。"),
        Entry("care", "大衣怎么洗？", ("大衣可以水洗吗",), "请干洗。"),
        Entry("mine", "会员等级什么时候重新计算？", (), "请私聊导购。"),
    ]
)


def decided(text: str, place: Place = GROUP, **said: bool) -> Decision:
    return decide(Said(text, **said), MATCHER.candidates(text), place, private=frozenset({"mine"}))


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("请问周日营业到几点呀？", GROUP, Draft),
        ("请问周日营业到几点呀？", ONE_TO_ONE, Answer),
        ("停车怎么收费", GROUP, Draft),
        ("拉链坏了，能退吗？上周买的", GROUP, Escalate),
        ("拉链坏了，我的钱怎么办", ONE_TO_ONE, Escalate),
        ("周日营业到十点的，我去过", GROUP, Silence),
        ("好的谢谢", GROUP, Silence),
        ("好的谢谢", ONE_TO_ONE, Silence),
        ("隔壁咖啡店几点关门？", GROUP, Silence),
        ("这件大衣还有 M 码吗", GROUP, Escalate),
        ("你们周末去哪玩？", GROUP, Silence),
        ("[微笑]", GROUP, Silence),
    ],
)
def test_what_follows_from_a_message(text: str, place: Place, expected: type[Decision]) -> None:
    assert isinstance(decided(text, place), expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("我要退款", Reason.REFUND),
        ("拉链坏了", Reason.COMPLAINT),
        ("多扣了我一笔钱", Reason.MONEY),
        ("帮我查一下我的订单", Reason.PERSONAL),
        ("穿了过敏起疹子，能退吗", Reason.HARM),
        ("裙子有红色的吗", Reason.UNKNOWN),
    ],
)
def test_why_a_question_is_handed_over(text: str, reason: Reason) -> None:
    decision = decided(text)
    assert isinstance(decision, Escalate)
    assert (decision.reason, decision.minutes) == (reason, 10)


def test_staff_and_pictures_are_left_alone() -> None:
    assert decided("几点关门？", is_staff=True) == Silence(Reason.STAFF)
    assert decided("", is_text=False) == Silence(Reason.NOT_TEXT)


def test_a_private_article_leads_out_of_the_group_and_is_told_in_private() -> None:
    text = "会员等级什么时候重新计算？"
    in_group, in_private = decided(text), decided(text, ONE_TO_ONE)
    assert isinstance(in_group, Draft)
    assert in_group.leads_out
    assert isinstance(in_private, Answer)


def test_an_article_close_enough_is_offered_for_quoting() -> None:
    decision = decided("几点关门？另外拉链坏了")
    assert isinstance(decision, Escalate)
    assert decision.reference == "hours"


def test_two_articles_equally_close_are_not_chosen_between() -> None:
    near = [
        Candidate("one", 0.97, 0.01, (), "a"),
        Candidate("two", 0.96, 0.01, (), "b"),
    ]
    assert isinstance(decide(Said("几点关门？"), near, GROUP), Escalate)


def test_who_calls_the_bot_by_name_is_not_ignored() -> None:
    assert isinstance(decided("周末有什么好玩的"), Silence)
    assert isinstance(decided("@小助手 周末有什么好玩的"), Escalate)


def test_a_question_heard_too_late_is_not_answered_but_trouble_still_is() -> None:
    text = "几点关门？"
    assert decide(Said(text, minutes_ago=180), MATCHER.candidates(text), GROUP) == Silence(
        Reason.OLD
    )
    late = decide(Said("拉链坏了", minutes_ago=180), (), GROUP)
    assert isinstance(late, Escalate)
    assert decide(Said("拉链坏了", minutes_ago=60 * 25), (), GROUP) == Silence(Reason.OLD)


def test_a_customer_whom_a_person_serves_is_left_to_her() -> None:
    served = Place(may_answer=False, is_group=False, is_served=True)
    assert decided("几点关门？", served) == Silence(Reason.SERVED)
