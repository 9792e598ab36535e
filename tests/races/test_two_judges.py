"""Two judges of one sale at once, on connections of their own: neither fails, the facts decide."""

from __future__ import annotations

import pytest

from stores.conversions.actions import judge_member, judge_receipts
from stores.conversions.models import Credit
from tests.cast import make_cast
from tests.races.together import all_at_once
from tests.stores.conversions.builders import NOON, TEST, credited, days, own, sell, touch

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 15


def judge_at_once(receipts: list[tuple[str, str]], number: int) -> None:
    """By receipt and by member at the same moment, as two workers would."""
    ends = all_at_once(
        [
            lambda: judge_receipts(receipts, by=TEST),
            lambda: judge_member(number, since=NOON - days(99), by=TEST),
        ]
    )
    assert [type(end) for end in ends] == [int, int], ends


def test_both_end_in_what_the_facts_say(transactional_db: None) -> None:
    cast = make_cast()
    for i in range(ROUNDS):
        number = 900 + i
        own(cast.lin, number, NOON - days(9))
        touch("visit", cast.lin, number, NOON - days(1))
        sell(f"A{i}", cast.guomao, member_no=number)
        sell(f"R{i}", cast.guomao, lines=[(1, -10_000)], refund_of=f"A{i}/1", at=NOON + days(1))
        judge_at_once([("till-1", f"R{i}"), ("till-1", f"A{i}")], number)
    assert Credit.objects.count() == 2 * ROUNDS
    expected = {f"A{i}/1": 10_000 for i in range(ROUNDS)}
    expected |= {f"R{i}/1": -10_000 for i in range(ROUNDS)}
    assert credited() == {"G001": expected}
