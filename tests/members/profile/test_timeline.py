"""Her story from four sources: a page goes on where the last ended, whatever comes in."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from kit.actions import scope_of
from members.behaviour.models import BehaviourEvent
from members.consent.models import ConsentEvent
from members.identity.models import Member
from members.profile.rules import Facts, next_steps
from members.profile.timeline import Spot, read_spot, timeline_of
from stores.ledger.models import PurchaseLine, Touch
from tests.cast import Cast
from tests.members.builders import TESTER

NOON = timezone.now().replace(microsecond=0) - timedelta(days=3)


def something(member: Member, number: int, at: datetime) -> None:
    """One more thing of hers, of a kind that the number decides."""
    match number % 4:
        case 0:
            Touch.objects.create(kind="push", member_no=member.pk, at=at)
        case 1:
            PurchaseLine.objects.create(
                source="till",
                receipt_no=f"R{number}",
                line=1,
                sku="SK",
                quantity=1,
                amount=100,
                member_no=member.pk,
                store_no=member.home_store_id,
                sold_at=at,
            )
        case 2:
            BehaviourEvent.objects.create(
                member=member,
                kind="opened",
                touchpoint="app",
                source="app",
                event_id=str(number),
                at=at,
            )
        case _:
            ConsentEvent.objects.create(
                member=member,
                purpose="birthday",
                decision="refuse",
                method="own_page",
                at=at,
                actor="test",
            )


def pages(member: Member, *, most: int, between: list[datetime]) -> list[Spot]:
    """All pages one after another; at each of the moments in `between` something more happens."""
    seen: list[Spot] = []
    before: Spot | None = None
    number = 1000
    while True:
        with scope_of(TESTER):
            page = timeline_of(member, before=before, most=most)
        seen += [moment.spot for moment in page]
        if len(page) < most:
            return seen
        before = read_spot(page[-1].place)
        for at in between:
            something(member, number, at)
            number += 1


@pytest.mark.parametrize("seed", range(4))
def test_pages_show_each_once_and_in_order_though_more_comes_in(cast: Cast, seed: int) -> None:
    """Many of the same second, from all sources; newer ones arrive between any two pages."""
    dice = random.Random(seed)  # noqa: S311 - a test's own order
    for number in range(32):
        something(cast.chen, number, NOON - timedelta(seconds=dice.randrange(6)))
    with scope_of(TESTER):
        whole = [moment.spot for moment in timeline_of(cast.chen, most=1000)]
    assert len(whole) == 32
    assert whole == sorted(whole, reverse=True)
    later = [NOON + timedelta(seconds=5), NOON + timedelta(hours=1)]
    assert pages(cast.chen, most=dice.choice((3, 5, 7)), between=later) == whole


def test_a_receipt_is_one_line_and_its_return_another(cast: Cast) -> None:
    for line, (receipt, amount) in enumerate((("A", 300), ("A", 200), ("B", -200)), 1):
        PurchaseLine.objects.create(
            source="till",
            receipt_no=receipt,
            line=line,
            sku="SK",
            quantity=1 if amount > 0 else -1,
            amount=amount,
            member_no=cast.chen.pk,
            store_no=cast.guomao.pk,
            sold_at=NOON + timedelta(days=receipt == "B"),
        )
    with scope_of(TESTER):
        found = timeline_of(cast.chen)
    assert [(row.what, row.amount, row.who) for row in found] == [
        ("退货", -200, "国贸店"),
        ("购买", 500, "国贸店"),
    ]


@pytest.mark.parametrize("place", ["", "1", "1_2", "a_b_c", "1_22_3", "9" * 30 + "_1_1", "1_1_-1"])
def test_a_place_that_is_none_is_the_beginning(place: str) -> None:
    assert read_spot(place) is None


def test_nothing_is_proposed_that_she_does_not_allow() -> None:
    now = timezone.now()
    quiet = Facts(
        is_friend=True,
        may_write=False,
        why_not="已经撤回同意",
        has_left=False,
        joined_at=now - timedelta(days=400),
        bought_at=now - timedelta(days=200),
        coupon="满减券",
        coupon_until=now + timedelta(days=3),
    )
    said = [f"{step.what} {step.why}" for step in next_steps(quiet, now)]
    assert said[0].startswith("先不要发消息")
    assert not [words for words in said if "发消息" in words.split(" ", 1)[1]]
    gone = Facts(is_friend=True, may_write=True, why_not="", has_left=True, joined_at=now)
    assert next_steps(gone, now) == []
    friend = Facts(is_friend=False, may_write=True, why_not="", has_left=False, joined_at=now)
    assert next_steps(friend, now)[0].icon == "code"
