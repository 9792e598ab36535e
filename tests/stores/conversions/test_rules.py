"""The pure rule: hand-worked cases for each kind, and promises that hold for any facts."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.conversions.rules import (
    BINDING,
    FIRST_TERMS,
    PATH_KINDS,
    STEP_KINDS,
    BadTerms,
    OwnerFact,
    Sale,
    Share,
    Step,
    Terms,
    TouchFact,
    read_terms,
    share_sale,
    take_back,
)

NOON = datetime(2026, 10, 15, 4, 0, tzinfo=UTC)
LIN, ZHOU, MA = 1, 2, 3


def at(days_before: float) -> datetime:
    return NOON - timedelta(days=days_before)


def touch(number: int, guide: int, days_before: float, kind: str = "visit") -> TouchFact:
    return TouchFact(number, kind, guide, at(days_before))


def by(kind: str, **terms: Any) -> Terms:
    return Terms(ladder=(Step(kind, 30),), **terms)


def amounts(shares: list[Share]) -> dict[int, int]:
    return {share.guide: share.amount for share in shares}


PATH = [touch(1, LIN, 20), touch(2, ZHOU, 10), touch(3, MA, 9), touch(4, ZHOU, 2)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("last_touch", {ZHOU: 1000}),
        ("first_touch", {LIN: 1000}),
        ("linear", {LIN: 250, ZHOU: 500, MA: 250}),
        ("position", {LIN: 400, ZHOU: 500, MA: 100}),
        # Half lives of 7 days: 0.138, 0.371, 0.410, 0.820 of 1.739.
        ("time_decay", {LIN: 79, ZHOU: 685, MA: 236}),
    ],
)
def test_each_kind_by_hand(kind: str, expected: dict[int, int]) -> None:
    shares = share_sale(Sale(1000, NOON), PATH, [], by(kind))
    assert amounts(shares) == expected
    assert {share.reason for share in shares} == {kind}


def test_an_odd_cent_goes_to_the_lower_number() -> None:
    both = [touch(1, MA, 9), touch(2, LIN, 2)]
    assert amounts(share_sale(Sale(11, NOON), both, [], by("linear"))) == {LIN: 6, MA: 5}


def test_every_share_names_the_touches_that_earned_it() -> None:
    shares = share_sale(Sale(1000, NOON), PATH, [], by("linear"))
    assert {share.guide: share.touches for share in shares} == {LIN: (1,), ZHOU: (2, 4), MA: (3,)}


def test_a_window_ends_exactly_after_its_days() -> None:
    terms = by("last_touch")
    assert share_sale(Sale(1, NOON), [touch(1, LIN, 30)], [], terms)
    assert not share_sale(Sale(1, NOON), [touch(1, LIN, 30.0001)], [], terms)
    assert share_sale(Sale(1, NOON), [touch(1, LIN, 0)], [], terms)
    assert not share_sale(Sale(1, NOON), [touch(1, LIN, -0.0001)], [], terms)


def test_a_kind_may_have_a_shorter_window_or_none() -> None:
    terms = by("last_touch", windows={"push": 3, "group_leave": 0, "call": 99})
    pushed = [touch(1, LIN, 10), touch(2, ZHOU, 4, "push"), touch(3, MA, 1, "group_leave")]
    assert amounts(share_sale(Sale(9, NOON), pushed, [], terms)) == {LIN: 9}
    assert not share_sale(Sale(9, NOON), [touch(1, LIN, 31, "call")], [], terms)


def test_the_server_gets_her_share_first() -> None:
    terms = by("last_touch", server_share=30)
    shares = share_sale(Sale(1001, NOON, served_by=MA), PATH, [], terms)
    assert amounts(shares) == {ZHOU: 701, MA: 300}
    own = share_sale(Sale(1001, NOON, served_by=ZHOU), PATH, [], terms)
    assert [(share.amount, share.reason) for share in own] == [(1001, "last_touch+server_share")]
    assert amounts(share_sale(Sale(1001, NOON), PATH, [], terms)) == {ZHOU: 1001}
    alone = share_sale(Sale(1001, NOON, served_by=MA), [], [], terms)
    assert [(share.guide, share.amount, share.reason) for share in alone] == [(MA, 1001, "server")]


def test_ownership_holds_from_its_first_moment_until_before_its_last() -> None:
    owners = [OwnerFact(LIN, at(9), at(3)), OwnerFact(ZHOU, at(3))]
    terms = Terms(ladder=(Step("owner"),))

    def owner_at(days_before: float) -> dict[int, int]:
        return amounts(share_sale(Sale(5, at(days_before)), [], owners, terms))

    assert owner_at(9.1) == {}
    assert owner_at(9) == {LIN: 5}
    assert owner_at(3) == {ZHOU: 5}


def test_what_was_done_for_her_goes_with_her_when_she_is_handed_over() -> None:
    owners = [OwnerFact(LIN, at(20), at(5)), OwnerFact(ZHOU, at(5), handed_from=LIN)]
    touches = [touch(1, LIN, 10), touch(2, MA, 8), touch(3, LIN, 4)]
    terms = by("last_touch", lock_days=0)

    def credited(days_before: float, facts: list[OwnerFact]) -> dict[int, int]:
        return amounts(share_sale(Sale(5, at(days_before)), touches, facts, terms))

    assert credited(9, owners) == {LIN: 5}
    assert credited(7, owners) == {MA: 5}
    # What Lin does afterwards is her own again.
    assert credited(1, owners) == {LIN: 5}
    assert credited(4.5, owners) == {MA: 5}
    on = [owners[0], OwnerFact(ZHOU, at(5), at(3), LIN), OwnerFact(MA, at(3), None, ZHOU)]
    first = Terms(ladder=(Step("owner", 30),))
    assert amounts(share_sale(Sale(5, at(4.5)), touches[:1], owners, first)) == {ZHOU: 5}
    assert amounts(share_sale(Sale(5, at(1)), touches[:1], on, first)) == {MA: 5}


def test_a_lock_lasts_and_only_then_another_begins() -> None:
    brought = [
        touch(1, LIN, 40, "registration"),
        touch(2, ZHOU, 30, "friend"),
        touch(3, MA, 20, "friend"),
        touch(4, ZHOU, 1),
    ]
    terms = by("last_touch", lock_days=15)

    def holder(days_before: float) -> tuple[int, str]:
        (share,) = share_sale(Sale(5, at(days_before)), brought, [], terms)
        return share.guide, share.reason

    assert holder(26) == (LIN, "locked")
    # Zhou's friend of day 30 came while Lin's lock held and began none.
    assert holder(25) == (ZHOU, "last_touch")
    assert holder(19) == (MA, "locked")
    assert holder(0) == (ZHOU, "last_touch")


def test_the_house_rule_is_readable_and_reads_as_it_should() -> None:
    terms = read_terms(FIRST_TERMS)
    assert [step.kind for step in terms.ladder] == ["owner", "last_touch", "server"]
    assert terms.windows == {"group_leave": 0}


@pytest.mark.parametrize(
    "raw",
    [
        [],
        {},
        {"ladder": []},
        {"ladder": ["owner"]},
        {"ladder": [{"kind": "luck"}]},
        {"ladder": [{"kind": "last_touch"}]},
        {"ladder": [{"kind": "linear", "window_days": -1}]},
        {"ladder": [{"kind": "linear", "window_days": "30"}]},
        {"ladder": [{"kind": "server"}], "server_share": 101},
        {"ladder": [{"kind": "server"}], "server_share": True},
        {"ladder": [{"kind": "server"}], "windows": [3]},
        {"ladder": [{"kind": "server"}], "windows": {"push": 1.5}},
        {"ladder": [{"kind": "server"}], "lock": 3},
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(raw: object) -> None:
    with pytest.raises(BadTerms):
        read_terms(raw)


# ---------------------------------------------------------------- for any facts

GUIDES = st.integers(1, 5)
TOUCHES = st.lists(
    st.builds(
        TouchFact,
        number=st.integers(1, 10**6),
        kind=st.sampled_from([*BINDING, "visit", "push"]),
        guide=GUIDES,
        at=st.integers(-5 * 24, 60 * 24).map(lambda hours: NOON - timedelta(hours=hours)),
    ),
    max_size=12,
    unique_by=lambda fact: fact.number,
)
OWNERS = st.lists(st.builds(OwnerFact, guide=GUIDES, since=st.integers(0, 90).map(at)), max_size=2)
SALES = st.builds(
    Sale,
    amount=st.integers(-(10**6), 10**9),
    at=st.just(NOON),
    served_by=st.none() | GUIDES,
)
STEPS = st.builds(Step, kind=st.sampled_from(STEP_KINDS), window_days=st.integers(1, 60))
TERMS = st.builds(
    Terms,
    ladder=st.lists(STEPS, min_size=1, max_size=3).map(tuple),
    windows=st.dictionaries(st.sampled_from(["push", "visit"]), st.integers(0, 9)),
    server_share=st.integers(0, 100),
    lock_days=st.integers(0, 40),
    half_life_days=st.integers(1, 60),
)


@given(sale=SALES, touches=TOUCHES, owners=OWNERS, terms=TERMS)
def test_shares_sum_exactly_or_nobody_has_any(
    sale: Sale, touches: list[TouchFact], owners: list[OwnerFact], terms: Terms
) -> None:
    shares = share_sale(sale, touches, owners, terms)
    assert sum(share.amount for share in shares) in (sale.amount, 0)
    if shares:
        assert sum(share.amount for share in shares) == sale.amount
    assert len({share.guide for share in shares}) == len(shares)
    known = {touch.number: touch for touch in touches}
    for share in shares:
        assert share.amount * sale.amount > 0
        for number in share.touches:
            assert known[number].guide == share.guide
            assert known[number].at <= sale.at


@given(sale=SALES, touches=TOUCHES, owners=OWNERS, terms=TERMS, seed=st.integers(0, 99))
def test_no_order_of_facts_changes_a_share(
    sale: Sale, touches: list[TouchFact], owners: list[OwnerFact], terms: Terms, seed: int
) -> None:
    shuffled = list(touches)
    random.Random(seed).shuffle(shuffled)  # noqa: S311

    def bare(shares: list[Share]) -> list[tuple[int, int, str]]:
        return [(share.guide, share.amount, share.reason) for share in shares]

    assert bare(share_sale(sale, shuffled, owners, terms)) == bare(
        share_sale(sale, touches, owners, terms)
    )


@given(
    parts=st.lists(st.integers(1, 10_000), min_size=1, max_size=5),
    refunds=st.lists(st.integers(-9_000, 0), max_size=9),
)
def test_refunds_never_take_more_than_was_given(parts: list[int], refunds: list[int]) -> None:
    shares = [Share(guide, amount, "linear") for guide, amount in enumerate(parts, start=1)]
    taken = take_back(shares, refunds)
    left = dict(enumerate(parts, start=1))
    asked = 0
    for refund, pieces in zip(refunds, taken, strict=True):
        before = sum(parts) - asked
        asked = min(sum(parts), asked - refund)
        assert sum(piece.amount for piece in pieces) == -min(-refund, before)
        for piece in pieces:
            assert piece.amount < 0
            left[piece.guide] += piece.amount
    assert all(amount >= 0 for amount in left.values())
    assert sum(left.values()) == sum(parts) - asked


@given(parts=st.lists(st.integers(1, 500), min_size=1, max_size=5), data=st.data())
def test_a_sale_taken_back_in_any_parts_ends_at_nothing(
    parts: list[int], data: st.DataObject
) -> None:
    total = sum(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, total), max_size=6)))
    refunds = [-(b - a) for a, b in zip([0, *cuts], [*cuts, total], strict=True)]
    shares = [Share(guide, amount, "linear") for guide, amount in enumerate(parts, start=1)]
    left = dict(enumerate(parts, start=1))
    for pieces in take_back(shares, refunds):
        for piece in pieces:
            left[piece.guide] += piece.amount
    assert set(left.values()) == {0}


def test_all_kinds_of_path_are_tried_above() -> None:
    assert set(PATH_KINDS) < set(STEP_KINDS)
