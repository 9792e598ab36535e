"""The language of rules: what is refused, how it reads, its published schema; numbers in slices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from members.audience.rules import TERMS, BrokenRule, check_rule, is_personal, schema
from members.audience.slices import Sliced
from members.audience.words import difference, say

NAMES = {
    "tier": {"basic": "普卡", "silver": "银卡", "gold": "金卡", "diamond": "钻石卡"},
    "consent": {"direct_marketing": "一对一消息"},
    "owner": {"G001": "林晓"},
}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "全部会员"),
        (
            {
                "all": [
                    {"tier": ["diamond", "gold"]},
                    {"not": {"purchased_within_days": 90}},
                    {"consent": "direct_marketing"},
                ]
            },
            "金卡及以上，且 90 天内没买过，且同意一对一消息",
        ),
        ({"tier": ["basic", "gold"]}, "普卡或金卡"),
        ({"not": {"tier": ["gold"]}}, "不是金卡"),
        ({"any": [{"owner": ["G001"]}, {"not": {"is_friend": True}}]},
         "专属导购是 林晓，或没有加导购的企业微信"),
        ({"all": [{"has_owner": False}, {"any": [{"joined_within_days": 7}, {"in_group": True}]}]},
         "没有专属导购，且（7 天内入会，或在客户群里）"),
        ({"spent": {"at_least": 100050, "within_days": 365, "categories": ["风衣"]}},
         "365 天内买了（风衣）至少 1,000.50 元"),
        ({"purchased": {"at_most": 1}}, "一共买过至多 1 次"),
        ({"not": {"any": [{"tier": ["gold"]}, {"store": ["S001"]}]}}, "不是（金卡，或属于 S001）"),
    ],
)  # fmt: skip
def test_a_rule_reads_as_a_person_says_it(rule: dict[str, Any], words: str) -> None:
    check_rule(rule)
    assert say(rule, NAMES) == words


def test_what_changed_is_said_in_words() -> None:
    before = {"all": [{"tier": ["gold"]}, {"has_owner": True}]}
    after = {"all": [{"tier": ["gold"]}, {"is_friend": True}]}
    assert difference(before, after, NAMES) == "去掉：有专属导购。加上：加了导购的企业微信"
    assert difference(None, after, NAMES) == "新建"
    assert difference(before, {"any": before["all"]}, NAMES).startswith("从“金卡，且有专属导购”")


def test_what_judges_people_by_what_they_did_is_known_to() -> None:
    assert is_personal({"not": {"any": [{"tier": ["gold"]}, {"purchased_within_days": 3}]}})
    assert not is_personal({"all": [{"tier": ["gold"]}, {"consent": "birthday"}]})


words = st.text(min_size=1, max_size=8)
days = st.integers(-1, 4000)
figures = st.dictionaries(
    st.sampled_from(["at_least", "at_most", "within_days", "since", "skus", "x"]),
    st.one_of(days, st.just("2026-01-31"), st.lists(words, max_size=2)),
    max_size=4,
)
values = st.one_of(
    st.lists(words, max_size=3), st.booleans(), days, figures,
    st.sampled_from(["2026-01-31", "direct_marketing", "nothing"]),
)  # fmt: skip
leaves = st.dictionaries(st.sampled_from([*TERMS, "phone"]), values, min_size=1, max_size=2)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda one: {"not": one}, inner),
        st.builds(
            lambda name, ones: {name: ones},
            st.sampled_from(["all", "any"]),
            st.lists(inner, max_size=3),
        ),
    ),
    max_leaves=5,
)


@given(trees)
@tries(max_examples=80, deadline=None)
def test_the_published_schema_takes_what_the_house_takes(rule: Any) -> None:
    """But for depth and number of terms, of which a schema cannot speak."""
    checker = Draft202012Validator.FORMAT_CHECKER
    published = Draft202012Validator(schema(), format_checker=checker).is_valid(rule)
    fault = fault_of(rule)
    assert published == (not fault) or "嵌套" in fault or "太多" in fault


def fault_of(rule: Any) -> str:
    """What the house says against a rule; empty when nothing."""
    try:
        check_rule(rule)
    except BrokenRule as fault:
        return str(fault)
    return ""


def test_the_schema_in_the_docs_is_the_one_in_the_code() -> None:
    kept = Path(settings.BASE_DIR) / "docs" / "audience-rule.schema.json"
    assert json.loads(kept.read_text()) == schema()


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5000)), max_size=60),
    st.integers(-3, 6000),
    st.lists(st.integers(0, 5000), max_size=4),
)
@tries(max_examples=80, deadline=None)
def test_slices_compare_as_numbers_do(
    said: list[tuple[int, int]], bound: int, asked: list[int]
) -> None:
    numbers, truth = Sliced(), dict[int, int]()
    for place in range(0, len(said), 7):
        part = dict(said[place : place + 7])
        truth |= part
        numbers.put(np.array(list(part), dtype=np.int64), np.array(list(part.values())))
    assert set(numbers.at_least(bound)) == {key for key, n in truth.items() if n >= bound}
    assert set(numbers.at_most(bound)) == {key for key, n in truth.items() if n <= bound}
    assert set(numbers.among(asked)) == {key for key, n in truth.items() if n in asked}
    ids = np.arange(61, dtype=np.int64)
    assert numbers.of(ids).tolist() == [truth.get(int(key), -1) for key in ids]
    numbers.raise_to(ids, np.full(61, 2500))
    assert set(numbers.at_least(2500)) == set(range(61))
