"""Who passes on to whom: pure decisions."""

from __future__ import annotations

from collections import Counter

import pytest

from members.handover.rules import Case, Share, batches, kept_because, share_out, verdict_on

LIN_STORE, OTHER_STORE = 1, 2


def a_case(number: int, *, store: int | None = LIN_STORE, **fields: object) -> Case:
    fields.setdefault("is_friend", True)
    fields.setdefault("is_owned", True)
    return Case(key=(number, 0), address=f"wm{number}", store=store, **fields)  # type: ignore[arg-type]


def test_shares_are_kept_as_nearly_as_possible() -> None:
    cases = [a_case(number) for number in range(10)]
    given = share_out(cases, [Share(7, 2, LIN_STORE), Share(8, 1, LIN_STORE)])
    assert Counter(given.values()) == {7: 7, 8: 3}
    assert given == share_out(reversed(cases), [Share(7, 2, LIN_STORE), Share(8, 1, LIN_STORE)])


def test_friends_stay_friends_and_the_others_fill_up() -> None:
    cases = [a_case(n, friend_of=frozenset({8} if n < 3 else ())) for n in range(6)]
    given = share_out(cases, [Share(7, 1, LIN_STORE), Share(8, 1, LIN_STORE)])
    assert {n for n in range(6) if given[(n, 0)] == 8} == {0, 1, 2}
    evenly = share_out(cases, [Share(7, 1, LIN_STORE), Share(8, 1, LIN_STORE)], keeps_friends=False)
    assert Counter(evenly.values()) == {7: 3, 8: 3}


def test_members_of_a_store_stay_together_with_somebody_of_that_store() -> None:
    cases = [a_case(n, store=LIN_STORE if n < 5 else OTHER_STORE) for n in range(8)]
    given = share_out(
        cases,
        [Share(7, 1, LIN_STORE), Share(8, 1, OTHER_STORE)],
        keeps_stores_together=True,
    )
    assert {given[(n, 0)] for n in range(5)} == {7}
    assert {given[(n, 0)] for n in range(5, 8)} == {8}


@pytest.mark.parametrize(
    ("case", "goes_along", "because"),
    [
        (a_case(1), "others", ""),
        (a_case(1, store=OTHER_STORE), "others", "along"),
        (a_case(1), "friends", "along"),
        (a_case(1, is_friend=False), "friends", ""),
        (a_case(1, store=OTHER_STORE), "nobody", ""),
        (a_case(1, wish=True), "nobody", "along"),
        (a_case(1, store=OTHER_STORE, wish=False), "others", ""),
    ],
)
def test_who_goes_along_with_somebody_who_moves(case: Case, goes_along: str, because: str) -> None:
    said = kept_because(case, reason="moved", goes_along=goes_along, store=LIN_STORE)
    assert said == because


def test_nobody_goes_along_with_somebody_who_leaves() -> None:
    case = a_case(1, store=OTHER_STORE, wish=True)
    assert kept_because(case, reason="left", goes_along="friends", store=LIN_STORE) == ""


def test_what_wecom_would_refuse_is_not_tried() -> None:
    def said(case: Case, **more: bool) -> str:
        return kept_because(case, reason="left", goes_along="others", store=LIN_STORE, **more)

    assert said(a_case(1, recent=2)) == "limit"
    assert said(a_case(1, recent=2), has_resigned=True) == ""
    assert said(a_case(1, recent=1)) == ""
    assert said(a_case(1, is_under_way=True)) == "under_way"
    assert said(a_case(1), is_gone=True) == "gone"
    assert said(a_case(1, is_friend=False, recent=2, is_under_way=True)) == ""


def test_wecoms_codes() -> None:
    states = {code: verdict_on(code).state for code in (0, 40100, 40129, 40099, 40128, 40131, 7)}
    assert states == {
        0: "waiting", 40100: "waiting", 40129: "waiting", 40099: "full", 40128: "kept",
        40131: "failed", 7: "failed",
    }  # fmt: skip
    assert all(verdict_on(code).words for code in (40099, 40128, 40131, 7))


def test_a_hundred_to_a_call() -> None:
    assert [batches(size) for size in (0, 1, 100, 101, 250)] == [0, 1, 1, 2, 3]
